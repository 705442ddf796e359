import type { Json, JsonObject } from '../event/event.ts';

/**
 * Attributes as labels of the Elastic Common Schema, which are texts under names without dots: `{ 'tenant.id': 7 }` is
 * `{ 'labels.tenant_id': '7' }`. Of two with one name, the first counts. Null is no label, nor is what has no name.
 */
export function ecsLabels(attributes: JsonObject): Readonly<Record<string, string>> {
  const labels: Record<string, string> = {};
  for (const name of Object.keys(attributes)) {
    const value = attributes[name];
    const label = `labels.${name.replaceAll('.', '_')}`;
    if (value === null || value === undefined || name.trim() === '' || label in labels) continue;
    labels[label] = labelText(value);
  }
  return labels;
}

function labelText(value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
