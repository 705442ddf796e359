import { isAppKey } from './app-keys.ts';
import { attributeText as text } from './attribute-text.ts';
import * as A from './attributes.ts';
import type {
  AnyEvent,
  AppEvent,
  AuditEvent,
  Json,
  JsonObject,
  LoginEvent,
  ModelAction,
  ModelEvent,
  RequestEvent,
  ResponseRepr,
  Tail,
} from './event.ts';
import { levelNamed, levelOf } from './levels.ts';
import { logLibraryOf } from './log-libraries.ts';
import { moduleOf } from './module-of.ts';
import { grouped } from './grouped.ts';
import { isOwnAttribute } from './own-attribute.ts';
import { parseJson } from './parse-json.ts';
import type { Redactor } from './redact.ts';
import { timestamp } from './timestamp.ts';

/** What a LogRecord of any SDK (2.x, 3.x) lets an exporter read. */
export interface LogRecordLike {
  readonly hrTime: readonly [seconds: number, nanoseconds: number];
  readonly hrTimeObserved?: readonly [seconds: number, nanoseconds: number] | undefined;
  readonly severityNumber?: number | undefined;
  readonly severityText?: string | undefined;
  readonly eventName?: string | undefined;
  readonly body?: unknown;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly droppedAttributesCount?: number | undefined;
  readonly spanContext?:
    | { readonly traceId: string; readonly spanId: string; readonly traceFlags?: number | undefined }
    | undefined;
  readonly resource: {
    readonly attributes: Readonly<Record<string, unknown>>;
    /** Some attributes are still being looked up, and reading `attributes` would complain. */
    readonly asyncAttributesPending?: boolean | undefined;
    getRawAttributes?(): readonly (readonly [name: string, value: unknown])[];
    readonly schemaUrl?: string | undefined;
  };
  readonly instrumentationScope: {
    readonly name: string;
    readonly version?: string | undefined;
    readonly schemaUrl?: string | undefined;
    readonly attributes?: Readonly<Record<string, unknown>> | undefined;
  };
}

/**
 * The event that a LogRecord tells of, from its attributes alone: the inverse of `toLogRecord`, except that header
 * names come back in lower case. A record with one of our event names that lacks what such an event must have, and
 * every other record, is an app record.
 *
 * @param redactor redacts what other code wrote; what is ours was redacted before it was emitted
 */
export function fromLogRecord(record: LogRecordLike, redactor: Redactor): AnyEvent {
  return auditEvent(record, redactor) ?? appEvent(record, redactor);
}

function auditEvent(record: LogRecordLike, redactor: Redactor): AuditEvent | undefined {
  switch (record.eventName) {
    case 'audit.model':
      return typeof record.attributes[A.AUDIT_TARGET_TYPE] === 'string' ? modelEvent(record) : undefined;
    case 'audit.request':
      return typeof record.attributes[A.HTTP_REQUEST_METHOD] === 'string' ? requestEvent(record, redactor) : undefined;
    case 'audit.login':
      return typeof record.attributes[A.AUDIT_LOGIN_EVENT] === 'string' ? loginEvent(record) : undefined;
    default:
      return undefined;
  }
}

function modelEvent(record: LogRecordLike): ModelEvent {
  const { attributes } = record;
  return {
    ...head(record, 'AUDIT'),
    name: 'audit.model',
    message: text(record.body),
    model: text(attributes[A.AUDIT_TARGET_TYPE]),
    event_type: (optionalText(attributes[A.AUDIT_EVENT_TYPE]) ?? text(attributes[A.AUDIT_ACTION])) as ModelAction,
    instance_id: text(attributes[A.AUDIT_TARGET_ID]),
    instance_repr: object(attributes[A.AUDIT_INSTANCE_JSON]),
    ...user(record),
    extra: object(attributes[A.AUDIT_EXTRA_JSON]),
    changes: parsed(attributes[A.AUDIT_CHANGES_JSON]) as ModelEvent['changes'],
    transaction_id: optionalText(attributes[A.AUDIT_TRANSACTION_ID]),
    error_message: optionalText(attributes[A.ERROR_MESSAGE]),
    ...tail(record),
  };
}

function requestEvent(record: LogRecordLike, redactor: Redactor): RequestEvent {
  const { attributes } = record;
  const incoming = attributes[A.AUDIT_REQUEST_TYPE] !== 'external';
  return {
    ...head(record, 'API'),
    name: 'audit.request',
    message: incoming ? 'Audit Internal Request' : 'Audit External Service',
    service_name: text(incoming ? serviceName(record) : attributes[A.SERVICE_PEER_NAME]),
    request_type: incoming ? 'internal' : 'external',
    protocol: text(attributes[A.URL_SCHEME]),
    ...user(record),
    request_repr: incoming ? incomingRequest(record) : outgoingRequest(record),
    response_repr: response(record),
    error_message: optionalText(attributes[A.ERROR_MESSAGE]) ?? null,
    execution_time: number(attributes[A.AUDIT_REQUEST_DURATION]) ?? 0,
    route: optionalText(attributes[A.HTTP_ROUTE]),
    client_address: optionalText(attributes[A.CLIENT_ADDRESS]),
    request_size: number(attributes[A.HTTP_REQUEST_BODY_SIZE]),
    response_size: number(attributes[A.HTTP_RESPONSE_BODY_SIZE]),
    attributes: restOf(attributes, isOwnAttribute, redactor),
    ...tail(record, true),
  };
}

function incomingRequest({ attributes }: LogRecordLike): RequestEvent['request_repr'] {
  return {
    method: text(attributes[A.HTTP_REQUEST_METHOD]),
    path: text(attributes[A.URL_PATH]),
    query_params: queryParams(text(attributes[A.URL_QUERY])),
    headers: headers(attributes, A.HTTP_REQUEST_HEADER),
    user: optionalText(attributes[A.USER_ID]) ?? null,
    ...shownBody(attributes, A.HTTP_REQUEST_BODY_CONTENT, A.HTTP_REQUEST_HEADER, A.AUDIT_REQUEST_BODY_TRUNCATED),
  };
}

function outgoingRequest({ attributes }: LogRecordLike): RequestEvent['request_repr'] {
  return {
    endpoint: text(attributes[A.URL_FULL]),
    method: text(attributes[A.HTTP_REQUEST_METHOD]),
    headers: headers(attributes, A.HTTP_REQUEST_HEADER),
    ...shownBody(attributes, A.HTTP_REQUEST_BODY_CONTENT, A.HTTP_REQUEST_HEADER, A.AUDIT_REQUEST_BODY_TRUNCATED),
  };
}

function response({ attributes }: LogRecordLike): ResponseRepr {
  return {
    status_code: number(attributes[A.HTTP_RESPONSE_STATUS_CODE]),
    headers: headers(attributes, A.HTTP_RESPONSE_HEADER),
    ...shownBody(attributes, A.HTTP_RESPONSE_BODY_CONTENT, A.HTTP_RESPONSE_HEADER, A.AUDIT_RESPONSE_BODY_TRUNCATED),
  };
}

function loginEvent(record: LogRecordLike): LoginEvent {
  const { attributes } = record;
  return {
    ...head(record, 'LOGIN'),
    name: 'audit.login',
    message: text(record.body),
    ...user(record),
    event: text(attributes[A.AUDIT_LOGIN_EVENT]),
    success: attributes[A.AUDIT_OUTCOME] === 'success',
    error: optionalText(attributes[A.ERROR_MESSAGE]) ?? null,
    extra: object(attributes[A.AUDIT_EXTRA_JSON]),
    ...tail(record),
  };
}

/** The event of an app record: foreign code made it, so it is redacted here. */
function appEvent(record: LogRecordLike, redactor: Redactor): AppEvent {
  const { attributes } = record;
  const file = text(attributes[A.CODE_FILE_PATH]);
  return {
    ...head(record, levelNamed(optionalText(record.severityText)) ?? levelOf(record.severityNumber)),
    name: optionalText(record.eventName) ?? loggerName(record),
    path: file,
    module: moduleOf(file),
    function: text(attributes[A.CODE_FUNCTION_NAME]),
    message: redactor.text(bodyText(record.body, redactor)),
    exception: redactor.text(exceptionText(attributes)),
    line: number(attributes[A.CODE_LINE_NUMBER]) ?? '',
    attributes: restOf(attributes, isAppKey, redactor),
    ...tail(record),
  };
}

/** The name of its logger; those of log libraries have theirs among the attributes, if they have one. */
function loggerName(record: LogRecordLike): string {
  const library = logLibraryOf(record);
  if (library === undefined) return record.instrumentationScope.name;
  return optionalText(record.attributes['name']) ?? library;
}

function exceptionText(attributes: LogRecordLike['attributes']): string {
  const stack = text(attributes[A.EXCEPTION_STACKTRACE]);
  if (stack !== '') return stack;
  return [attributes[A.EXCEPTION_TYPE], attributes[A.EXCEPTION_MESSAGE]].map(text).filter(Boolean).join(': ');
}

/** Those that have no key of their own: others put them there, so they are redacted here. */
function restOf(
  attributes: LogRecordLike['attributes'],
  hasKey: (name: string) => boolean,
  redactor: Redactor,
): JsonObject | undefined {
  const rest: Record<string, unknown> = {};
  for (const name of Object.keys(attributes)) {
    if (!hasKey(name)) rest[name] = attributes[name];
  }
  return Object.keys(rest).length > 0 ? redactor.object(rest, 'attributes') : undefined;
}

/** A body as a text: a structure as its JSON, never `[object Object]`. */
function bodyText(body: unknown, redactor: Redactor): string {
  return typeof body === 'object' && body !== null ? JSON.stringify(redactor.value(body, 'body')) : text(body);
}

function head<L extends string>(record: LogRecordLike, level: L): { timestamp: string; level: L } {
  const [seconds, nanoseconds] = record.hrTime;
  return { timestamp: timestamp(seconds * 1000 + nanoseconds / 1e6), level };
}

function user({ attributes }: LogRecordLike): { user_id: string; user_info: JsonObject } {
  return { user_id: text(attributes[A.USER_ID]), user_info: object(attributes[A.AUDIT_USER_INFO_JSON]) };
}

function tail(record: LogRecordLike): Tail;
function tail(record: LogRecordLike, hasServiceName: true): Omit<Tail, 'service_name'>;
function tail(record: LogRecordLike, hasServiceName = false): Tail {
  const { attributes, spanContext } = record;
  return {
    outcome: optionalText(attributes[A.AUDIT_OUTCOME]) as Tail['outcome'],
    actor_id: optionalText(attributes[A.AUDIT_ACTOR_ID]),
    actor_type: optionalText(attributes[A.AUDIT_ACTOR_TYPE]) as Tail['actor_type'],
    request_id: optionalText(attributes[A.AUDIT_REQUEST_ID]),
    trace_id: spanContext?.traceId,
    span_id: spanContext?.spanId,
    ...(hasServiceName ? undefined : { service_name: serviceName(record) }),
    record_id: optionalText(attributes[A.AUDIT_RECORD_ID]),
    schema_version: optionalText(attributes[A.AUDIT_SCHEMA_VERSION]),
  };
}

/** The `service.name` of a record's resource. */
export function serviceName({ resource }: Pick<LogRecordLike, 'resource'>): string | undefined {
  if (resource.asyncAttributesPending !== true) return optionalText(resource.attributes[A.SERVICE_NAME]);
  return optionalText(resource.getRawAttributes?.().find(([name]) => name === A.SERVICE_NAME)?.[1]);
}

function headers(attributes: LogRecordLike['attributes'], prefix: string): JsonObject {
  const found: Record<string, Json> = {};
  for (const name of Object.keys(attributes)) {
    if (!name.startsWith(prefix)) continue;
    const value = attributes[name];
    const values = Array.isArray(value) ? value.map(text) : [text(value)];
    found[name.slice(prefix.length)] = values.length === 1 ? text(values[0]) : values;
  }
  return found;
}

/** A body's text as the value it was: a structure where the content type says so. */
function shownBody(
  attributes: LogRecordLike['attributes'],
  content: string,
  headerPrefix: string,
  truncated: string,
): { body?: Json; body_truncated?: true } {
  const value = optionalText(attributes[content]);
  if (value === undefined) return {};
  if (attributes[truncated] === true) return { body: value, body_truncated: true };
  const [mediaType] = [attributes[`${headerPrefix}content-type`]].flat();
  return { body: /json|form/i.test(text(mediaType)) ? (parsed(value) ?? value) : value };
}

function queryParams(query: string): JsonObject {
  return grouped(new URLSearchParams(query));
}

function object(json: unknown): JsonObject {
  const value = parsed(json);
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : {};
}

function parsed(json: unknown): Json | undefined {
  return typeof json === 'string' ? (parseJson(json) as Json | undefined) : undefined;
}

function optionalText(value: unknown): string | undefined {
  return text(value) || undefined;
}

function number(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}
