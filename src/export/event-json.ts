import type { AnyEvent, ModelEvent, RequestEvent, Tail } from '../event/event.ts';
import { JsonText, insideQuotes } from '../event/json-text.ts';

/**
 * An event as JSON. Never throws. Of what there is most of, the keys are written one by one, and what is held as JSON is
 * put in as it is. Fewer and longer pieces make it faster: a text that is put together costs as much for each piece as for
 * ten characters.
 */
export function eventJson(event: AnyEvent<JsonText>): string {
  try {
    if ('instance_repr' in event) return modelJson(event);
    if ('request_repr' in event) return requestJson(event);
    return JSON.stringify(event);
  } catch {
    return JSON.stringify(salvaged(event));
  }
}

function modelJson(event: ModelEvent<JsonText>): string {
  let json = `{"timestamp":"${insideQuotes(event.timestamp)}","level":"AUDIT","name":"audit.model"`;
  json += `,"message":"${insideQuotes(event.message)}"`;
  json += `,"model":"${insideQuotes(event.model)}"`;
  json += `,"event_type":"${insideQuotes(event.event_type)}"`;
  json += `,"instance_id":"${insideQuotes(event.instance_id)}"`;
  json += `,"instance_repr":${jsonOf(event.instance_repr)}`;
  json += `,"user_id":"${insideQuotes(event.user_id)}"`;
  json += `,"user_info":${jsonOf(event.user_info)}`;
  json += `,"extra":${jsonOf(event.extra)}`;
  if (event.changes !== undefined) json += `,"changes":${jsonOf(event.changes)}`;
  json += optional(',"transaction_id":"', event.transaction_id);
  json += optional(',"error_message":"', event.error_message);
  json += originJson(event);
  json += optional(',"service_name":"', event.service_name);
  return `${json}${idsJson(event)}}`;
}

function requestJson(event: RequestEvent<JsonText>): string {
  let json = `{"timestamp":"${insideQuotes(event.timestamp)}","level":"API","name":"audit.request"`;
  json += `,"message":"${event.message}"`;
  json += `,"service_name":"${insideQuotes(event.service_name)}"`;
  json += `,"request_type":"${event.request_type}"`;
  json += `,"protocol":"${insideQuotes(event.protocol)}"`;
  json += `,"user_id":"${insideQuotes(event.user_id)}"`;
  json += `,"user_info":${jsonOf(event.user_info)}`;
  json += `,"request_repr":${requestReprJson(event.request_repr)}`;
  json += `,"response_repr":${responseReprJson(event.response_repr)}`;
  json += `,"error_message":${jsonOf(event.error_message)}`;
  json += `,"execution_time":${jsonOf(event.execution_time)}`;
  json += optional(',"route":"', event.route);
  json += optional(',"client_address":"', event.client_address);
  if (event.request_size !== undefined) json += `,"request_size":${event.request_size}`;
  if (event.response_size !== undefined) json += `,"response_size":${event.response_size}`;
  if (event.attributes !== undefined) json += `,"attributes":${jsonOf(event.attributes)}`;
  return `${json}${originJson(event)}${idsJson(event)}}`;
}

function requestReprJson(repr: RequestEvent<JsonText>['request_repr']): string {
  let json: string;
  if ('path' in repr) {
    json = `{"method":"${insideQuotes(repr.method)}","path":"${insideQuotes(repr.path)}"`;
    json += `,"query_params":${jsonOf(repr.query_params)},"headers":${jsonOf(repr.headers)}`;
    json += `,"user":${jsonOf(repr.user)}`;
  } else {
    json = `{"endpoint":"${insideQuotes(repr.endpoint)}","method":"${insideQuotes(repr.method)}"`;
    json += `,"headers":${jsonOf(repr.headers)}`;
  }
  return `${json}${bodyJson(repr)}}`;
}

function responseReprJson(repr: RequestEvent<JsonText>['response_repr']): string {
  const status = repr.status_code === undefined ? '' : `"status_code":${repr.status_code},`;
  return `{${status}"headers":${jsonOf(repr.headers)}${bodyJson(repr)}}`;
}

function bodyJson({ body, body_truncated }: RequestEvent<JsonText>['response_repr']): string {
  const json = body === undefined ? '' : `,"body":${jsonOf(body)}`;
  return body_truncated === undefined ? json : `${json},"body_truncated":${body_truncated}`;
}

/** Who did it, in which work. */
function originJson(event: Tail): string {
  let json = optional(',"outcome":"', event.outcome);
  json += optional(',"actor_id":"', event.actor_id);
  json += optional(',"actor_type":"', event.actor_type);
  json += optional(',"request_id":"', event.request_id);
  json += optional(',"trace_id":"', event.trace_id);
  return json + optional(',"span_id":"', event.span_id);
}

function idsJson({ record_id, schema_version }: Tail): string {
  return optional(',"record_id":"', record_id) + optional(',"schema_version":"', schema_version);
}

/** @param start of the member, with the first quote of its value */
function optional(start: string, value: string | undefined): string {
  return value === undefined ? '' : `${start}${insideQuotes(value)}"`;
}

function jsonOf(part: unknown): string {
  if (part instanceof JsonText) return part.text;
  return typeof part === 'string' ? `"${insideQuotes(part)}"` : JSON.stringify(part);
}

/** The keys of an event that broke its contract, without the values that no JSON can hold. */
function salvaged(event: AnyEvent<JsonText>): object {
  return Object.fromEntries(Object.entries(event).map(([key, value]) => [key, isJson(value) ? value : UNSERIALIZABLE]));
}

const UNSERIALIZABLE = 'Unserializable content';

function isJson(value: unknown): boolean {
  try {
    JSON.stringify(value);
    return true;
  } catch {
    return false;
  }
}
