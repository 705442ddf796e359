import type { Origin } from '../../src/context/origin.ts';
import type { AuditEvent, LoginEvent, ModelAction, ModelEvent, RequestEvent } from '../../src/event/event.ts';
import { withValues } from '../../src/event/json-text.ts';
import { type ModelDraft, modelEvent } from '../../src/event/model-event.ts';
import { createRedactor } from '../../src/event/redact.ts';
import { ROOT_CONTEXT, trace } from '../../src/vendor/opentelemetry.ts';

/** Everything happens at 2025-08-16 17:06:32.403 UTC. */
export const TIME = Date.UTC(2025, 7, 16, 17, 6, 32, 403);
const TIMESTAMP = '2025-08-16 17:06:32.403';
const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
const SPAN_ID = 'b7ad6b7169203331';
const RECORD_ID = '0198b3f0-1c93-7a11-8b22-0123456789ab';
const USER_ID = '14ab1197-ebdd-4300-a618-5910e0219936';
const USER_INFO = { title: 'mr', email: 'example@email.com', first_name: 'mohanlal' };

/** A user's request, under a span. */
export const ORIGIN: Origin = {
  time: TIME,
  actor: { id: USER_ID, type: 'user', info: USER_INFO },
  requestId: 'req-1',
  context: trace.setSpanContext(ROOT_CONTEXT, { traceId: TRACE_ID, spanId: SPAN_ID, traceFlags: 1 }),
};

/** A background job. */
export const SYSTEM_ORIGIN: Origin = {
  time: TIME,
  actor: { id: 'system', type: 'system', info: {} },
  requestId: undefined,
  context: ROOT_CONTEXT,
};

const redactor = createRedactor();

export function modelExample(action: ModelAction, draft: Partial<ModelDraft> = {}, origin = ORIGIN): ModelEvent {
  const event = modelEvent({ model: 'Order', action, key: [7], ...draft }, origin, redactor);
  return withValues({ ...event, record_id: RECORD_ID }) as ModelEvent;
}

const TAIL = {
  outcome: 'success',
  actor_id: USER_ID,
  actor_type: 'user',
  request_id: 'req-1',
  trace_id: TRACE_ID,
  span_id: SPAN_ID,
} as const;
const IDS = { record_id: RECORD_ID, schema_version: '1' } as const;

export const INCOMING: RequestEvent = {
  timestamp: TIMESTAMP,
  level: 'API',
  name: 'audit.request',
  message: 'Audit Internal Request',
  service_name: 'review_board',
  request_type: 'internal',
  protocol: 'http',
  user_id: USER_ID,
  user_info: USER_INFO,
  request_repr: {
    method: 'POST',
    path: '/api/v1/orders/',
    query_params: { page: '2', tag: ['a', 'b'] },
    headers: { 'Content-Type': 'application/json', accept: ['text/html', '*/*'] },
    user: USER_ID,
    body: { title: 'hello' },
  },
  response_repr: {
    status_code: 201,
    headers: { 'content-type': 'application/json; charset=utf-8' },
    body: { id: 7, tags: ['x'] },
  },
  error_message: null,
  execution_time: 0.012,
  route: '/api/v1/orders/',
  client_address: '203.0.113.9',
  request_size: 17,
  response_size: 24,
  ...TAIL,
  ...IDS,
};

/** The client went away before there was an answer. */
export const ABORTED: RequestEvent = {
  ...INCOMING,
  request_repr: {
    method: 'POST',
    path: '/upload',
    query_params: {},
    headers: { 'content-type': 'text/plain' },
    user: USER_ID,
    body: 'half of i',
    body_truncated: true,
  },
  response_repr: { headers: {} },
  error_message: 'the client closed the connection',
  execution_time: 1.5,
  route: undefined,
  response_size: undefined,
  outcome: 'failure',
};

export const OUTGOING: RequestEvent = {
  timestamp: TIMESTAMP,
  level: 'API',
  name: 'audit.request',
  message: 'Audit External Service',
  service_name: 'apollo',
  request_type: 'external',
  protocol: 'https',
  user_id: '',
  user_info: {},
  request_repr: { endpoint: 'https://example.com/token?kind=a', method: 'GET', headers: {} },
  response_repr: {
    status_code: 200,
    headers: { 'content-type': 'application/json' },
    body: { expiresIn: 3600, error: '' },
  },
  error_message: null,
  execution_time: 5.168,
  outcome: 'success',
  actor_id: 'system',
  actor_type: 'system',
  ...IDS,
};

export const LOGIN: LoginEvent = {
  timestamp: TIMESTAMP,
  level: 'LOGIN',
  name: 'audit.login',
  message: 'login_failed for mohanlal',
  user_id: USER_ID,
  user_info: USER_INFO,
  event: 'login_failed',
  success: false,
  error: 'wrong password',
  extra: { attempts: 3 },
  ...TAIL,
  outcome: 'failure',
  service_name: undefined,
  ...IDS,
};

/** All kinds of them, with where they come from. */
export const EVENTS: Readonly<Record<string, readonly [AuditEvent, Origin]>> = {
  'a row that was created': [modelExample('CREATE', { row: { id: 7, name: 'Test', price: 1.5, gone: null } }), ORIGIN],
  'a row that was updated': [
    modelExample('UPDATE', { row: { id: 7 }, changes: [['name', 'A', null]], transactionId: 'tx-1' }),
    ORIGIN,
  ],
  'a delete that failed': [modelExample('DELETE', { outcome: 'failure', errorMessage: 'foreign key' }), ORIGIN],
  'many rows that were restored': [
    modelExample('BULK_RESTORE', { key: [], extra: { total_count: 2, instance_ids: ['7', '8'] } }, SYSTEM_ORIGIN),
    SYSTEM_ORIGIN,
  ],
  'raw SQL of no known table': [
    modelExample('SQL', { model: '', key: [], extra: { sql: 'VACUUM' } }, SYSTEM_ORIGIN),
    SYSTEM_ORIGIN,
  ],
  'a request that came in': [INCOMING, ORIGIN],
  'a request that had no answer': [ABORTED, ORIGIN],
  'a request that could not be read': [
    { ...ABORTED, request_repr: { ...INCOMING.request_repr, method: '_OTHER', path: '' } },
    ORIGIN,
  ],
  'a request with bodies that are no objects': [
    {
      ...INCOMING,
      request_repr: { ...INCOMING.request_repr, body: 'Invalid JSON' },
      response_repr: { status_code: 200, headers: { 'content-type': 'image/png' }, body: 'Binary content' },
    },
    ORIGIN,
  ],
  'a request that went out': [OUTGOING, SYSTEM_ORIGIN],
  'a request that the application has marked': [
    { ...INCOMING, attributes: { 'tenant.id': 'acme', retries: 2, isProbe: false, tags: ['a', 'b'], sizes: [1, 2] } },
    ORIGIN,
  ],
  'a login that failed': [LOGIN, ORIGIN],
};
