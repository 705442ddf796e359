import { attachedEvent } from '../event/attached-event.ts';
import { AUDIT_STREAM } from '../event/attributes.ts';
import type {
  AnyEvent,
  AppEvent,
  AuditEvent,
  JsonObject,
  LoginEvent,
  ModelEvent,
  RequestEvent,
} from '../event/event.ts';
import { recordedException } from '../event/recorded-exception.ts';
import { type LogRecordLike, serviceName } from '../event/from-log-record.ts';
import { isAppEvent } from '../event/is-app-event.ts';
import { type JsonText, valueOf } from '../event/json-text.ts';
import type { Redactor } from '../event/redact.ts';
import { timestamp } from '../event/timestamp.ts';
import { bodyText, queryText, structureText } from '../event/to-log-record.ts';
import { ecsCategories } from './ecs-categories.ts';
import { ecsLabels } from './ecs-labels.ts';
import { type LineFormat, type LineOptions, UNREADABLE_RECORD } from './line-format.ts';
import { oneLine } from './one-line.ts';
import type { Stream } from './stream.ts';

/**
 * Fields of the Elastic Common Schema, with dots in their names, as ECS loggers write them: https://www.elastic.co/docs/reference/ecs.
 * What it has no field for is under `audit`; what has a structure of its own is a JSON text, so that no index grows a
 * field for each name in it.
 */
export function ecsLines({ redactor, processFields, streamField }: LineOptions): LineFormat {
  const ofProcess = processFields ? processFieldsNow() : {};
  const tail = (stream: Stream): Fields => (streamField ? { ...ofProcess, [AUDIT_STREAM]: stream } : ofProcess);
  return {
    line(record, stream) {
      const event = attachedEvent(record, redactor);
      return lineOf({
        ...head(event.timestamp, event.level, event.message),
        ...fieldsOf(event, record, redactor),
        ...tail(stream),
      });
    },
    unreadable(stream, now) {
      const fields = { 'event.kind': 'event', 'log.logger': 'activity-audit' };
      return lineOf({ ...head(timestamp(now), 'ERROR', UNREADABLE_RECORD), ...fields, ...tail(stream) });
    },
  };
}

/** The version of the schema that the fields are of. */
const ECS_VERSION = '8.17.0';

type Field = string | number | boolean | readonly string[] | undefined;
type Fields = Readonly<Record<string, Field>>;

function lineOf(fields: Fields): string {
  return oneLine(JSON.stringify(fields));
}

/** What ECS loggers begin with. */
function head(time: string, level: string, message: string): Fields {
  return {
    '@timestamp': `${time.replace(' ', 'T')}Z`,
    'log.level': level,
    message,
    'ecs.version': ECS_VERSION,
  };
}

function fieldsOf(event: AnyEvent<JsonText>, record: LogRecordLike, redactor: Redactor): Fields {
  if (isAppEvent(event)) return appFields(event, record, redactor);
  switch (event.name) {
    case 'audit.model':
      return modelFields(event);
    case 'audit.request':
      return requestFields(event, record);
    default:
      return loginFields(event);
  }
}

function modelFields(event: ModelEvent<JsonText>): Fields {
  return {
    ...kindFields(event),
    'event.action': event.event_type,
    ...userFields(event),
    'audit.model': known(event.model),
    'audit.instance_id': known(event.instance_id),
    'audit.instance': structure(event.instance_repr),
    'audit.changes': event.changes && structureText(event.changes),
    'audit.extra': structure(event.extra),
    'audit.transaction_id': event.transaction_id,
    'error.message': event.error_message,
    ...tailFields(event, event.service_name),
  };
}

function requestFields(event: RequestEvent<JsonText>, record: LogRecordLike): Fields {
  const { request_repr: request, response_repr: response } = event;
  const isIncoming = event.request_type === 'internal';
  return {
    ...kindFields(event),
    'event.duration': Math.round(event.execution_time * NANOS_PER_SECOND),
    'network.direction': isIncoming ? 'ingress' : 'egress',
    ...userFields(event),
    ...clientFields(event.client_address),
    'http.request.method': request.method,
    'url.scheme': known(event.protocol),
    'url.path': 'path' in request ? known(request.path) : undefined,
    'url.query': 'path' in request ? known(queryText(request.query_params)) : undefined,
    'url.full': 'path' in request ? undefined : request.endpoint,
    'http.request.body.bytes': event.request_size,
    'http.request.body.content': bodyText(request.body),
    'http.response.status_code': response.status_code,
    'http.response.body.bytes': event.response_size,
    'http.response.body.content': bodyText(response.body),
    'audit.route': event.route,
    'audit.request.headers': structure(request.headers),
    'audit.request.body_truncated': request.body_truncated,
    'audit.response.headers': structure(response.headers),
    'audit.response.body_truncated': response.body_truncated,
    'error.message': event.error_message ?? undefined,
    'service.target.name': isIncoming ? undefined : known(event.service_name),
    ...tailFields(event, isIncoming ? event.service_name : serviceName(record)),
    ...givenFields(event.attributes),
  };
}

function loginFields(event: LoginEvent): Fields {
  return {
    ...kindFields(event),
    'event.action': event.event,
    ...userFields(event),
    'audit.extra': structure(event.extra),
    'error.message': event.error ?? undefined,
    ...tailFields(event, event.service_name),
  };
}

function appFields(event: AppEvent, record: LogRecordLike, redactor: Redactor): Fields {
  const { type, message, stack } = recordedException(event, record, redactor);
  return {
    'event.kind': 'event',
    'log.logger': known(event.name),
    'log.origin.file.name': known(event.path),
    'log.origin.file.line': event.line === '' ? undefined : event.line,
    'log.origin.function': known(event.function),
    'error.type': type,
    'error.message': message,
    'error.stack_trace': stack,
    ...tailFields(event, event.service_name),
    ...givenFields(event.attributes),
  };
}

function kindFields(event: AuditEvent<JsonText>): Fields {
  const { category, type } = ecsCategories(event);
  return {
    'event.kind': 'event',
    'event.category': category && [category],
    'event.type': type && [type],
    'event.dataset': event.name,
  };
}

function userFields({ user_id: id, user_info: info }: Pick<ModelEvent<JsonText>, 'user_id' | 'user_info'>): Fields {
  const { email } = valueOf(info);
  return {
    'user.id': known(id),
    'user.email': typeof email === 'string' ? known(email) : undefined,
    'audit.user_info': structure(info),
  };
}

/** An index refuses a record with an address that is none, or has a zone (`fe80::1%eth0`). */
function clientFields(address: string | undefined): Fields {
  if (address === undefined) return {};
  const { isIP } = process.getBuiltinModule('node:net');
  const ip = isIP(address) !== 0 && !address.includes('%') ? address : undefined;
  return { 'client.address': address, 'client.ip': ip, 'source.address': address, 'source.ip': ip };
}

function tailFields(event: AnyEvent<JsonText>, service: string | undefined): Fields {
  const isOutcome = event.outcome !== undefined && OUTCOMES.has(event.outcome);
  return {
    'event.outcome': isOutcome ? event.outcome : undefined,
    'audit.outcome': isOutcome ? undefined : event.outcome,
    'audit.actor.id': event.actor_id,
    'audit.actor.type': event.actor_type,
    'http.request.id': event.request_id,
    'trace.id': event.trace_id,
    'span.id': event.span_id,
    'service.name': known(service),
    'event.id': event.record_id,
    'audit.schema_version': event.schema_version,
  };
}

/** What the application or other code gave: to search, and exactly. */
function givenFields(attributes: JsonObject | undefined): Fields {
  return attributes ? { ...ecsLabels(attributes), 'audit.attributes': JSON.stringify(attributes) } : {};
}

const OUTCOMES: ReadonlySet<string> = new Set(['success', 'failure', 'unknown']);

const NANOS_PER_SECOND = 1e9;

function known(text: string | undefined): string | undefined {
  return text === '' ? undefined : text;
}

/** A JSON text; undefined where there is nothing in it. */
function structure(value: JsonObject | JsonText): string | undefined {
  const text = structureText(value);
  return text === '{}' ? undefined : text;
}

function processFieldsNow(): Fields {
  const { hostname } = process.getBuiltinModule('node:os');
  return { 'host.name': hostname(), 'process.pid': process.pid };
}
