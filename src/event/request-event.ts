import type { Origin } from '../context/origin.ts';
import { type Body, bodyRepr } from './body.ts';
import type {
  IncomingRequestRepr,
  JsonObject,
  Outcome,
  OutgoingRequestRepr,
  RequestEvent,
  ResponseRepr,
} from './event.ts';
import type { JsonText } from './json-text.ts';
import { ON_BEHALF_OF, onBehalfOf } from './on-behalf-of.ts';
import type { Redactor } from './redact.ts';
import { tail, userId } from './tail.ts';
import { timestamp } from './timestamp.ts';

/** What a capture knows of one exchange, as it was on the wire: not redacted. */
interface ExchangeDraft {
  readonly protocol: 'http' | 'https' | 'ws' | 'wss';
  readonly method: string;
  /** Name, value, name, value …: names as sent. */
  readonly requestHeaders: readonly string[];
  /** Those that the record is to show; by default all. */
  readonly shownRequestHeaders?: readonly string[];
  readonly requestBody: Body;
  /** Undefined if there was no response. */
  readonly statusCode: number | undefined;
  readonly responseHeaders: readonly string[];
  readonly shownResponseHeaders?: readonly string[];
  readonly responseBody: Body;
  /** Why it failed, or null. */
  readonly error: string | null;
  /** What the application adds, of any values. */
  readonly attributes?: object | undefined;
  readonly seconds: number;
}

/** One that came in. */
export interface IncomingDraft extends ExchangeDraft {
  /** Path and query, as sent. */
  readonly target: string;
  /** Not all of a template: Express knows the path of a router that is mounted by its value alone. */
  readonly route: string | undefined;
  readonly clientAddress: string | undefined;
}

/** One that went out. */
export interface OutgoingDraft extends ExchangeDraft {
  readonly url: string;
  /** The name of who was asked. */
  readonly peer: string;
}

/** The record of one exchange that came in. */
export function incomingEvent(
  draft: IncomingDraft,
  origin: Origin,
  redactor: Redactor,
  maxBodyBytes: number,
): RequestEvent<JsonText> {
  const user = userId(origin);
  const end = tail(origin, outcomeOf(draft), true);
  const { outcome, actor_id, actor_type, request_id, trace_id, span_id, record_id, schema_version } = end;
  return {
    timestamp: timestamp(origin.time),
    level: 'API',
    name: 'audit.request',
    message: 'Audit Internal Request',
    service_name: '',
    request_type: 'internal',
    protocol: draft.protocol,
    user_id: user,
    user_info: redactor.objectText(origin.actor.info, 'user_info'),
    request_repr: incomingRequest(draft, user, redactor, maxBodyBytes),
    response_repr: responseRepr(draft, redactor, maxBodyBytes),
    error_message: draft.error === null ? null : redactor.text(draft.error),
    execution_time: draft.seconds,
    route: draft.route === undefined ? undefined : redactor.url(draft.route),
    client_address: draft.clientAddress,
    request_size: draft.requestBody.size,
    response_size: draft.responseBody.size,
    attributes: attributesRepr(draft.attributes, origin, redactor),
    outcome,
    actor_id,
    actor_type,
    request_id,
    trace_id,
    span_id,
    record_id,
    schema_version,
  };
}

/** The record of one exchange that went out. */
export function outgoingEvent(
  draft: OutgoingDraft,
  origin: Origin,
  redactor: Redactor,
  maxBodyBytes: number,
): RequestEvent<JsonText> {
  const end = tail(origin, outcomeOf(draft), true);
  const { outcome, actor_id, actor_type, request_id, trace_id, span_id, record_id, schema_version } = end;
  return {
    timestamp: timestamp(origin.time),
    level: 'API',
    name: 'audit.request',
    message: 'Audit External Service',
    service_name: draft.peer,
    request_type: 'external',
    protocol: draft.protocol,
    user_id: userId(origin),
    user_info: redactor.objectText(origin.actor.info, 'user_info'),
    request_repr: outgoingRequest(draft, redactor, maxBodyBytes),
    response_repr: responseRepr(draft, redactor, maxBodyBytes),
    error_message: draft.error === null ? null : redactor.text(draft.error),
    execution_time: draft.seconds,
    request_size: draft.requestBody.size,
    response_size: draft.responseBody.size,
    attributes: attributesRepr(draft.attributes, origin, redactor),
    outcome,
    actor_id,
    actor_type,
    request_id,
    trace_id,
    span_id,
    record_id,
    schema_version,
  };
}

function incomingRequest(
  draft: IncomingDraft,
  user: string,
  redactor: Redactor,
  maxBodyBytes: number,
): IncomingRequestRepr<JsonText> {
  const queryStart = draft.target.indexOf('?');
  return {
    method: draft.method,
    path: redactor.url(queryStart < 0 ? draft.target : draft.target.slice(0, queryStart)),
    query_params: queryStart < 0 ? {} : redactor.form(draft.target.slice(queryStart + 1), 'query'),
    headers: redactor.headers(draft.shownRequestHeaders ?? draft.requestHeaders, 'request.headers'),
    user: user === '' ? null : user,
    ...bodyRepr(draft.requestBody, draft.requestHeaders, 'request.body', redactor, maxBodyBytes),
  };
}

function outgoingRequest(
  draft: OutgoingDraft,
  redactor: Redactor,
  maxBodyBytes: number,
): OutgoingRequestRepr<JsonText> {
  return {
    endpoint: redactor.url(draft.url),
    method: draft.method,
    headers: redactor.headers(draft.shownRequestHeaders ?? draft.requestHeaders, 'request.headers'),
    ...bodyRepr(draft.requestBody, draft.requestHeaders, 'request.body', redactor, maxBodyBytes),
  };
}

function responseRepr(draft: ExchangeDraft, redactor: Redactor, maxBodyBytes: number): ResponseRepr<JsonText> {
  return {
    status_code: draft.statusCode,
    headers: redactor.headers(draft.shownResponseHeaders ?? draft.responseHeaders, 'response.headers'),
    ...bodyRepr(draft.responseBody, draft.responseHeaders, 'response.body', redactor, maxBodyBytes),
  };
}

/** What the application added, and whom the user acted for; undefined where there is nothing of it. */
function attributesRepr(attributes: object | undefined, { actor }: Origin, redactor: Redactor): JsonObject | undefined {
  if (!attributes && !actor.onBehalfOf) return undefined;
  const shown = attributes ? redactor.object(attributes, 'attributes') : {};
  const all = actor.onBehalfOf ? { ...shown, [ON_BEHALF_OF]: onBehalfOf(actor.onBehalfOf, redactor) } : shown;
  return Object.keys(all).length > 0 ? all : undefined;
}

/** A response below 400 that came to its end is a success. */
function outcomeOf(draft: ExchangeDraft): Outcome {
  return draft.error === null && draft.statusCode !== undefined && draft.statusCode < 400 ? 'success' : 'failure';
}
