/** What is asked and answered: JSON of 1 KB each way, each with a secret in it. */

export const PATH = '/api/v1/orders/';

const ITEMS = [
  { sku: 'LMP-204', title: 'Desk lamp with a dimmer', quantity: 2, unit_price: '39.90', gift: false },
  { sku: 'CHR-118', title: 'Office chair, adjustable', quantity: 1, unit_price: '189.00', gift: false },
  { sku: 'NTB-052', title: 'Notebook, squared, 96 pages', quantity: 12, unit_price: '3.20', gift: true },
  { sku: 'PEN-007', title: 'Fountain pen, medium nib', quantity: 1, unit_price: '24.50', gift: true },
];

const ADDRESS = { street: '12 Example Street', city: 'Springfield', postal_code: '12345', country: 'US' };

/** 1 KB as JSON. */
export const ORDER = {
  title: 'hello',
  currency: 'EUR',
  account: { login: 'example@email.com', password: 'correct horse battery staple' },
  delivery: ADDRESS,
  invoice: { ...ADDRESS, street: '7 Sample Avenue', vat_id: 'EU000000000' },
  items: ITEMS,
  coupons: ['WELCOME', 'FREIGHT-FREE'],
  note: 'Please ring twice, and leave the parcels with the neighbours on the second floor if nobody opens. '.repeat(2),
};

/** 1 KB as JSON. */
export const CONFIRMATION = {
  status: 'ok',
  message: 'Thank you for your order. It leaves our store within two days, and you get a word when it does.',
  id: 'd6c9a056-0b57-453a-8c0f-44319004b761',
  access_token: 'b3f1c2d4e5a697887766554433221100ffeeddccbbaa9988',
  items: ITEMS.map(({ sku, title }, index) => ({ position: index + 1, sku, title, in_stock: true, unit: 'piece' })),
  delivery: { ...ADDRESS, carrier: 'parcel', earliest: '2025-08-18', latest: '2025-08-20' },
  total: { net: '331.70', tax: '63.02', gross: '394.72', currency: 'EUR' },
  links: { self: '/api/v1/orders/8731', cancel: '/api/v1/orders/8731/cancel', invoice: '/api/v1/orders/8731/invoice' },
};
