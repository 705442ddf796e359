import type { Origin } from '../context/origin.ts';
import type { AnyValue } from '../vendor/opentelemetry.ts';
import * as A from './attributes.ts';
import { eventContext } from './event-context.ts';
import type { AuditEvent, Json, JsonObject, LoginEvent, ModelEvent, RequestEvent } from './event.ts';
import { JsonText, valueOf } from './json-text.ts';
import { SEVERITY_NUMBERS } from './levels.ts';
import { verbOf } from './model-event.ts';
import { isOwnAttribute } from './own-attribute.ts';

/** What OpenTelemetry's `Logger.emit` takes, in every version of the Logs API. */
export interface EmittedLogRecord {
  readonly timestamp: number;
  readonly eventName: string;
  readonly severityNumber: number;
  readonly severityText: string;
  readonly body: string;
  readonly attributes?: Attributes;
  readonly context: Origin['context'];
}

type Attributes = Record<string, AnyValue>;

/**
 * An event in OpenTelemetry's words. Attributes are flat: numbers, booleans, texts and lists of texts, so that no SDK
 * drops one; what has a structure of its own is a JSON text.
 */
export function toLogRecord(event: AuditEvent<JsonText>, origin: Origin): EmittedLogRecord {
  return { ...toBareLogRecord(event, origin), attributes: attributesOf(event) };
}

/**
 * The same without attributes, at half the cost of emitting it, for who takes the event itself: the context carries it
 * to our processor, so that a file line depends neither on attributes nor on the limits that an SDK sets them.
 */
export function toBareLogRecord(event: AuditEvent<JsonText>, origin: Origin): EmittedLogRecord {
  return {
    timestamp: origin.time,
    eventName: event.name,
    severityNumber: SEVERITY_NUMBERS[event.level],
    severityText: event.level,
    body: event.message,
    context: eventContext(origin.context, event),
  };
}

/** What an event says beside its message, in OpenTelemetry's words. */
export function attributesOf(event: AuditEvent<JsonText>): Attributes {
  const attributes = commonAttributes(event);
  switch (event.name) {
    case 'audit.model':
      addModel(attributes, event);
      break;
    case 'audit.request':
      addRequest(attributes, event);
      break;
    case 'audit.login':
      addLogin(attributes, event);
      break;
  }
  return attributes;
}

function commonAttributes(event: AuditEvent<JsonText>): Attributes {
  const attributes: Attributes = {};
  put(attributes, A.AUDIT_RECORD_ID, event.record_id);
  put(attributes, A.LOG_RECORD_UID, event.record_id);
  put(attributes, A.AUDIT_SCHEMA_VERSION, event.schema_version);
  put(attributes, A.AUDIT_OUTCOME, event.outcome);
  put(attributes, A.AUDIT_ACTOR_ID, event.actor_id);
  put(attributes, A.AUDIT_ACTOR_TYPE, event.actor_type);
  put(attributes, A.AUDIT_REQUEST_ID, event.request_id);
  if (event.user_id !== '') attributes[A.USER_ID] = event.user_id;
  put(attributes, A.USER_EMAIL, valueOf(event.user_info)['email']);
  putJson(attributes, A.AUDIT_USER_INFO_JSON, event.user_info);
  return attributes;
}

function addModel(attributes: Attributes, event: ModelEvent<JsonText>): void {
  attributes[A.AUDIT_ACTION] = verbOf(event.event_type);
  attributes[A.AUDIT_EVENT_TYPE] = event.event_type;
  attributes[A.AUDIT_TARGET_TYPE] = event.model;
  if (event.instance_id !== '') attributes[A.AUDIT_TARGET_ID] = event.instance_id;
  putJson(attributes, A.AUDIT_INSTANCE_JSON, event.instance_repr);
  putJson(attributes, A.AUDIT_EXTRA_JSON, event.extra);
  if (event.changes) attributes[A.AUDIT_CHANGES_JSON] = structureText(event.changes);
  put(attributes, A.AUDIT_TRANSACTION_ID, event.transaction_id);
  put(attributes, A.ERROR_MESSAGE, event.error_message);
}

function addRequest(attributes: Attributes, event: RequestEvent<JsonText>): void {
  const { request_repr: request, response_repr: response } = event;
  attributes[A.AUDIT_ACTION] = request.method;
  attributes[A.AUDIT_REQUEST_TYPE] = event.request_type;
  attributes[A.AUDIT_REQUEST_DURATION] = event.execution_time;
  attributes[A.HTTP_REQUEST_METHOD] = request.method;
  attributes[A.URL_SCHEME] = event.protocol;
  if ('path' in request) {
    // Of a request that couldn't be read, it may be unknown.
    put(attributes, A.AUDIT_TARGET_ID, request.path || undefined);
    put(attributes, A.URL_PATH, request.path || undefined);
    const query = queryText(request.query_params);
    if (query !== '') attributes[A.URL_QUERY] = query;
  } else {
    attributes[A.AUDIT_TARGET_ID] = request.endpoint;
    attributes[A.URL_FULL] = request.endpoint;
    attributes[A.SERVICE_PEER_NAME] = event.service_name;
  }
  put(attributes, A.HTTP_RESPONSE_STATUS_CODE, response.status_code);
  put(attributes, A.HTTP_ROUTE, event.route);
  put(attributes, A.CLIENT_ADDRESS, event.client_address);
  put(attributes, A.HTTP_REQUEST_BODY_SIZE, event.request_size);
  put(attributes, A.HTTP_RESPONSE_BODY_SIZE, event.response_size);
  put(attributes, A.HTTP_REQUEST_BODY_CONTENT, bodyText(request.body));
  put(attributes, A.HTTP_RESPONSE_BODY_CONTENT, bodyText(response.body));
  put(attributes, A.AUDIT_REQUEST_BODY_TRUNCATED, request.body_truncated);
  put(attributes, A.AUDIT_RESPONSE_BODY_TRUNCATED, response.body_truncated);
  if (event.error_message !== null) attributes[A.ERROR_MESSAGE] = event.error_message;
  putHeaders(attributes, A.HTTP_REQUEST_HEADER, valueOf(request.headers));
  putHeaders(attributes, A.HTTP_RESPONSE_HEADER, valueOf(response.headers));
  if (event.attributes) putGiven(attributes, event.attributes);
}

function addLogin(attributes: Attributes, event: LoginEvent): void {
  attributes[A.AUDIT_ACTION] = event.event.toUpperCase();
  attributes[A.AUDIT_LOGIN_EVENT] = event.event;
  if (event.error !== null) attributes[A.ERROR_MESSAGE] = event.error;
  const { client_address: address, user_agent: userAgent } = event.extra;
  if (typeof address === 'string') attributes[A.CLIENT_ADDRESS] = address;
  if (typeof userAgent === 'string') attributes[A.USER_AGENT_ORIGINAL] = userAgent;
  putJson(attributes, A.AUDIT_EXTRA_JSON, event.extra);
}

function put(attributes: Attributes, name: string, value: Json | undefined): void {
  if (value !== undefined && value !== null) attributes[name] = value as AnyValue;
}

function putJson(attributes: Attributes, name: string, value: JsonObject | JsonText): void {
  const text = structureText(value);
  if (text !== '{}') attributes[name] = text;
}

/** What has a structure as a JSON text. */
export function structureText(value: object): string {
  return value instanceof JsonText ? value.text : JSON.stringify(value);
}

function putHeaders(attributes: Attributes, prefix: string, headers: JsonObject): void {
  for (const name of Object.keys(headers)) {
    const value = headers[name];
    attributes[prefix + name.toLowerCase()] = Array.isArray(value) ? value.map(jsonText) : [jsonText(value)];
  }
}

/** What the application gave, under its own names: none can pass for one of ours. */
function putGiven(attributes: Attributes, given: JsonObject): void {
  putFlat(attributes, Object.fromEntries(Object.entries(given).filter(([name]) => !isOwnAttribute(name))));
}

/** Values as attributes: what has a structure of its own is a JSON text. */
export function putFlat(attributes: Attributes, given: JsonObject): void {
  for (const name of Object.keys(given)) {
    const value = given[name];
    put(attributes, name, isFlat(value) ? value : JSON.stringify(value));
  }
}

function isFlat(value: Json | undefined): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return Array.isArray(value) && value.every((item) => typeof item !== 'object' && typeof item === typeof value[0]);
}

/** A body as `http.*.body.content` wants it: the text, never a structure. */
export function bodyText(body: Json | JsonText | undefined): string | undefined {
  if (body === undefined) return undefined;
  return body instanceof JsonText ? body.text : jsonText(body);
}

function jsonText(value: Json | undefined): string {
  return typeof value === 'string' ? value : JSON.stringify(value ?? null);
}

/** The parameters of a query as a text, without `?`. */
export function queryText(params: JsonObject): string {
  const pairs: string[] = [];
  for (const name of Object.keys(params)) {
    const value = params[name] ?? '';
    for (const one of Array.isArray(value) ? value : [value]) {
      pairs.push(`${encodeURIComponent(name)}=${encodeURIComponent(jsonText(one))}`);
    }
  }
  return pairs.join('&');
}
