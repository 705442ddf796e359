import assert from 'node:assert/strict';
import path from 'node:path';

type Line = Readonly<Record<string, unknown>>;

/** Reads a value of our line from the fields; undefined where they don't have it. */
type Read = (fields: Line) => unknown;

const field =
  (name: string): Read =>
  (fields) =>
    fields[name];
const otherwise =
  (read: Read, value: unknown): Read =>
  (fields) =>
    read(fields) ?? value;
const json =
  (name: string): Read =>
  (fields) =>
    fields[name] === undefined ? undefined : (JSON.parse(fields[name] as string) as unknown);
const text = (name: string): Read => otherwise(field(name), '');
const object = (name: string): Read => otherwise(json(name), {});
const nullable = (name: string): Read => otherwise(field(name), null);

/** What a body was: a structure where its headers say so, and it is whole. */
const body =
  (direction: 'request' | 'response'): Read =>
  (fields) => {
    const content = fields[`http.${direction}.body.content`] as string | undefined;
    const headers = object(`audit.${direction}.headers`)(fields) as Record<string, string>;
    const type = Object.keys(headers).find((name) => name.toLowerCase() === 'content-type');
    const isWhole = fields[`audit.${direction}.body_truncated`] === undefined;
    if (content === undefined || !isWhole || !/json|form/i.test(String(headers[type ?? '']))) return content;
    try {
      return JSON.parse(content) as unknown;
    } catch {
      return content;
    }
  };

const HEAD: Readonly<Record<string, Read>> = {
  timestamp: (fields) => (fields['@timestamp'] as string).replace('T', ' ').replace('Z', ''),
  level: field('log.level'),
  message: text('message'),
};

const TAIL: Readonly<Record<string, Read>> = {
  outcome: (fields) => fields['event.outcome'] ?? fields['audit.outcome'],
  actor_id: field('audit.actor.id'),
  actor_type: field('audit.actor.type'),
  request_id: field('http.request.id'),
  trace_id: field('trace.id'),
  span_id: field('span.id'),
  service_name: field('service.name'),
  record_id: field('event.id'),
  schema_version: field('audit.schema_version'),
};

const USER: Readonly<Record<string, Read>> = { user_id: text('user.id'), user_info: object('audit.user_info') };

const isIncoming = (fields: Line): boolean => fields['network.direction'] === 'ingress';

const REQUEST: Readonly<Record<string, Read>> = {
  method: field('http.request.method'),
  headers: object('audit.request.headers'),
  body: body('request'),
  body_truncated: field('audit.request.body_truncated'),
};

/** Which fields each key of our lines is in. */
const KEYS: Readonly<Record<string, Readonly<Record<string, Read>>>> = {
  'audit.model': {
    name: field('event.dataset'),
    model: text('audit.model'),
    event_type: field('event.action'),
    instance_id: text('audit.instance_id'),
    instance_repr: object('audit.instance'),
    ...USER,
    extra: object('audit.extra'),
    changes: json('audit.changes'),
    transaction_id: field('audit.transaction_id'),
    error_message: field('error.message'),
  },
  'audit.request': {
    name: field('event.dataset'),
    request_type: (fields) => (isIncoming(fields) ? 'internal' : 'external'),
    protocol: text('url.scheme'),
    ...USER,
    request_repr: (fields) =>
      readAll(
        isIncoming(fields)
          ? { ...REQUEST, path: text('url.path'), query_params: query, user: nullable('user.id') }
          : { ...REQUEST, endpoint: field('url.full') },
        fields,
      ),
    response_repr: (fields) =>
      readAll(
        {
          status_code: field('http.response.status_code'),
          headers: object('audit.response.headers'),
          body: body('response'),
          body_truncated: field('audit.response.body_truncated'),
        },
        fields,
      ),
    error_message: nullable('error.message'),
    execution_time: (fields) => (fields['event.duration'] as number) / 1e9,
    route: field('audit.route'),
    client_address: field('client.address'),
    request_size: field('http.request.body.bytes'),
    response_size: field('http.response.body.bytes'),
    attributes: json('audit.attributes'),
  },
  'audit.login': {
    name: field('event.dataset'),
    ...USER,
    event: field('event.action'),
    success: (fields) => fields['event.outcome'] === 'success',
    error: nullable('error.message'),
    extra: object('audit.extra'),
  },
  app: {
    name: text('log.logger'),
    path: text('log.origin.file.name'),
    module: (fields) => path.parse(text('log.origin.file.name')(fields) as string).name,
    function: text('log.origin.function'),
    exception: (fields) =>
      fields['error.stack_trace'] ?? [fields['error.type'], fields['error.message']].filter(Boolean).join(': '),
    line: text('log.origin.file.line'),
    attributes: json('audit.attributes'),
  },
};

function query(fields: Line): unknown {
  const params: Record<string, string | string[]> = {};
  for (const [name, value] of new URLSearchParams((fields['url.query'] as string | undefined) ?? ''))
    params[name] = name in params ? [params[name] ?? '', value].flat() : value;
  return params;
}

function readAll(table: Readonly<Record<string, Read>>, fields: Line): Record<string, unknown> {
  const entries = Object.entries(table).map(([key, of]) => [key, of(fields)] as const);
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}

/** The event of a line of ECS fields, as a line of ours would have it, but for the order of its keys. */
export function eventOfEcsLine(line: string): Record<string, unknown> {
  const fields = JSON.parse(line) as Line;
  assert.deepEqual(Object.keys(fields).slice(0, 4), ['@timestamp', 'log.level', 'message', 'ecs.version']);
  const table = KEYS[fields['event.dataset'] as string] ?? KEYS['app'];
  const event = readAll({ ...HEAD, ...table, ...TAIL }, fields);
  const target = fields['service.target.name'];
  return target === undefined ? event : { ...event, service_name: target };
}
