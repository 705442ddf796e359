import { textJson } from '../event/json-text.ts';

/** A value as OTLP/JSON has it: 64-bit integers as texts. What it can't say is the empty value. */
export function anyValueJson(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return `{"stringValue":${textJson(value)}}`;
    case 'number':
      return numberJson(value);
    case 'boolean':
      return `{"boolValue":${value}}`;
    case 'object':
      if (value === null) return '{}';
      return Array.isArray(value)
        ? `{"arrayValue":{"values":[${value.map(anyValueJson).join(',')}]}}`
        : `{"kvlistValue":{"values":${attributesJson(value as Readonly<Record<string, unknown>>)}}}`;
    default:
      return '{}';
  }
}

/** Attributes as OTLP/JSON has them: a list of keys and values. */
export function attributesJson(attributes: Readonly<Record<string, unknown>>): string {
  let json = '';
  for (const key of Object.keys(attributes))
    json += `${json === '' ? '' : ','}{"key":${textJson(key)},"value":${anyValueJson(attributes[key])}}`;
  return `[${json}]`;
}

function numberJson(value: number): string {
  if (Number.isSafeInteger(value)) return `{"intValue":"${value}"}`;
  return Number.isFinite(value) ? `{"doubleValue":${value}}` : `{"doubleValue":"${value}"}`;
}
