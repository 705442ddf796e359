/**
 * What the original system's examples say, in a size that is usual: an API record of 1.6 KB, a CRUD record of 0.7 KB.
 * The values are as an application has them: nothing is redacted yet.
 */

export const USER_INFO = {
  title: 'mr',
  email: 'example@email.com',
  first_name: 'Given',
  middle_name: '',
  last_name: 'Family',
  sex: 'male',
  date_of_birth: '21/30/1939',
};

export const ACTOR = { id: '14ab1197-ebdd-4300-a618-5910e0219936', type: 'user', info: USER_INFO };

export const REQUEST_ID = '0198b3f0-1c93-7a11-8b22-0123456789ab';

const ROUTE = '/api/v1/reviews/';

export const EXCHANGE = {
  method: 'POST',
  path: ROUTE,
  requestHeaders: {
    Host: 'reviews.example.com',
    'User-Agent': 'review-board/2.4 (+https://example.com)',
    Accept: 'application/json',
    Authorization: 'Bearer b3f1c2d4e5a697887766554433221100',
    'Content-Type': 'application/json',
  },
  requestBody: {
    title: 'hello',
    text: 'A review of the lamp: bright, silent and easy to clean.',
    rating: 5,
    tags: ['lamp', 'office', 'desk'],
    account: { login: 'example@email.com', password: 'correct horse battery staple' },
  },
  statusCode: 201,
  responseHeaders: {
    'Content-Type': 'application/json; charset=utf-8',
    'Cache-Control': 'no-store',
    Etag: 'W/"2a-9f"',
  },
  responseBody: {
    status: 'ok',
    id: 'd6c9a056-0b57-453a-8c0f-44319004b761',
    access_token: 'ffeeddccbbaa99887766554433221100',
    links: { self: `${ROUTE}8731`, author: '/api/v1/users/14ab1197' },
  },
  route: ROUTE,
  clientAddress: '203.0.113.9',
  requestSize: 214,
  responseSize: 196,
  seconds: 5.376734,
};

export const ROW_ID = '6f77b814-f9c1-4cab-a737-6677734bc303';

export const ROW = {
  name: 'Test Model',
  is_active: true,
  password: 'correct horse battery staple',
  created_at: '2025-08-29T08:18:54Z',
  updated_at: '2025-08-29T08:18:54Z',
};
