/** Records through what `register` starts, without what captures them: how one of each kind is logged. */
import { emit } from '../../dist/event/emit.js';
import { modelEvent } from '../../dist/event/model-event.js';
import { createRedactor } from '../../dist/event/redact.js';
import { incomingEvent } from '../../dist/event/request-event.js';
import { tail, userId } from '../../dist/event/tail.js';
import { timestamp } from '../../dist/event/timestamp.js';
import { start } from '../../dist/start.js';
import { ROOT_CONTEXT, logs as api } from '../../dist/vendor/opentelemetry.js';
import { ACTOR, EXCHANGE, REQUEST_ID, ROW, ROW_ID } from './records.js';

const MAX_BODY_BYTES = 65_536;
/** More options of the package, as JSON. */
const OPTIONS = JSON.parse(process.env.OPTIONS ?? '{}');

start(
  { directory: process.env.DIRECTORY, console: false, http: false, sequelize: false, ...OPTIONS },
  { 'service.name': 'review_board' },
);
const provider = api.getLoggerProvider();
const redactor = createRedactor();

export const logs = { api: logExchange, parsed: logBytes, crud: logChange };

export function flush() {
  return provider.forceFlush();
}

/** What is known of an exchange as values, to be redacted. */
function logExchange() {
  const { method, path, requestHeaders, requestBody, statusCode, responseHeaders, responseBody } = EXCHANGE;
  const origin = originNow();
  const user = userId(origin);
  const end = tail(origin, 'success', true);
  const { outcome, actor_id, actor_type, request_id, trace_id, span_id, record_id, schema_version } = end;
  const event = {
    timestamp: timestamp(origin.time),
    level: 'API',
    name: 'audit.request',
    message: 'Audit Internal Request',
    service_name: 'review_board',
    request_type: 'internal',
    protocol: 'http',
    user_id: user,
    user_info: redactor.objectText(origin.actor.info, 'user_info'),
    request_repr: {
      method,
      path,
      query_params: {},
      headers: redactor.objectText(requestHeaders, 'request.headers'),
      user,
      body: redactor.objectText(requestBody, 'request.body'),
    },
    response_repr: {
      status_code: statusCode,
      headers: redactor.objectText(responseHeaders, 'response.headers'),
      body: redactor.objectText(responseBody, 'response.body'),
    },
    error_message: null,
    execution_time: EXCHANGE.seconds,
    route: EXCHANGE.route,
    client_address: EXCHANGE.clientAddress,
    request_size: EXCHANGE.requestSize,
    response_size: EXCHANGE.responseSize,
    outcome,
    actor_id,
    actor_type,
    request_id,
    trace_id,
    span_id,
    record_id,
    schema_version,
  };
  emit(event, origin, provider);
}

const BYTES = {
  protocol: 'http',
  method: EXCHANGE.method,
  target: EXCHANGE.path,
  requestHeaders: Object.entries(EXCHANGE.requestHeaders).flat(),
  requestBody: body(EXCHANGE.requestBody),
  statusCode: EXCHANGE.statusCode,
  responseHeaders: Object.entries(EXCHANGE.responseHeaders).flat(),
  responseBody: body(EXCHANGE.responseBody),
  route: EXCHANGE.route,
  clientAddress: EXCHANGE.clientAddress,
  error: null,
  seconds: EXCHANGE.seconds,
};

/** The same exchange as it comes off the wire: headers in a list, bodies as bytes that have to be parsed. */
function logBytes() {
  const origin = originNow();
  emit(incomingEvent(BYTES, origin, redactor, MAX_BODY_BYTES), origin, provider);
}

function logChange() {
  const origin = originNow();
  emit(modelEvent({ model: 'User', action: 'CREATE', key: [ROW_ID], row: ROW }, origin, redactor), origin, provider);
}

function originNow() {
  return { time: Date.now(), actor: ACTOR, requestId: REQUEST_ID, context: ROOT_CONTEXT };
}

function body(value) {
  const bytes = Buffer.from(JSON.stringify(value));
  return { size: bytes.length, bytes: () => bytes, complete: true };
}
