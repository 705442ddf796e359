/** The same content as our records have, as an application would give it to a logger. */
import { ACTOR, EXCHANGE, REQUEST_ID, ROW, ROW_ID } from './records.js';

export const EXCHANGE_MESSAGE = 'Audit Internal Request';
export const CHANGE_MESSAGE = `CREATE event for User (id: ${ROW_ID})`;

const TAIL = {
  outcome: 'success',
  actor_id: ACTOR.id,
  actor_type: ACTOR.type,
  request_id: REQUEST_ID,
  record_id: REQUEST_ID,
  schema_version: '1',
};

export function exchangeContent() {
  const { method, path, requestHeaders, requestBody, statusCode, responseHeaders, responseBody } = EXCHANGE;
  return {
    name: 'audit.request',
    request_type: 'internal',
    protocol: 'http',
    user_id: ACTOR.id,
    user_info: ACTOR.info,
    request_repr: { method, path, query_params: {}, headers: requestHeaders, user: ACTOR.id, body: requestBody },
    response_repr: { status_code: statusCode, headers: responseHeaders, body: responseBody },
    error_message: null,
    execution_time: EXCHANGE.seconds,
    route: EXCHANGE.route,
    client_address: EXCHANGE.clientAddress,
    request_size: EXCHANGE.requestSize,
    response_size: EXCHANGE.responseSize,
    ...TAIL,
  };
}

export function changeContent() {
  return {
    name: 'audit.model',
    model: 'User',
    event_type: 'CREATE',
    instance_id: ROW_ID,
    instance_repr: ROW,
    user_id: ACTOR.id,
    user_info: ACTOR.info,
    extra: {},
    ...TAIL,
  };
}
