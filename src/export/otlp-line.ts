import { appAttributes } from '../event/app-attributes.ts';
import { attachedEvent } from '../event/attached-event.ts';
import { AUDIT_STREAM } from '../event/attributes.ts';
import { SCOPE } from '../event/emit.ts';
import type { AnyEvent, AppLevel } from '../event/event.ts';
import type { LogRecordLike } from '../event/from-log-record.ts';
import { isAppEvent } from '../event/is-app-event.ts';
import { type JsonText, textJson } from '../event/json-text.ts';
import { SEVERITY_NUMBERS } from '../event/levels.ts';
import type { Redactor } from '../event/redact.ts';
import { attributesOf } from '../event/to-log-record.ts';
import { type LineFormat, type LineOptions, UNREADABLE_RECORD } from './line-format.ts';
import { oneLine } from './one-line.ts';
import { anyValueJson, attributesJson } from './otlp-value.ts';
import { resourceAttributes } from './resource-attributes.ts';

/**
 * OTLP/JSON, one `LogsData` a line, as OpenTelemetry's file exporter specification has it and the Collector's
 * `otlpjsonfile` reads it: https://opentelemetry.io/docs/specs/otel/protocol/file-exporter/
 */
export function otlpLines({ redactor, processFields, streamField }: LineOptions): LineFormat {
  const ofProcess = processFields ? processAttributes() : {};
  const resources = new WeakMap<object, Part>();
  const scopes = new WeakMap<object, Part>();

  function resourcePart(resource: LogRecordLike['resource']): Part {
    const known = resources.get(resource);
    if (known) return known;
    const attributes = { ...resourceAttributes(resource, redactor), ...ofProcess };
    const part = partOf(`{"attributes":${attributesJson(attributes)}}`, resource.schemaUrl);
    if (resource.asyncAttributesPending !== true) resources.set(resource, part);
    return part;
  }

  function scopePart(scope: LogRecordLike['instrumentationScope']): Part {
    const known = scopes.get(scope);
    if (known) return known;
    const { name, version, attributes = {}, schemaUrl } = scope;
    const json = objectJson([
      ['name', textOf(name)],
      ['version', textOf(version)],
      ['attributes', Object.keys(attributes).length > 0 && attributesJson(redactor.object(attributes, 'scope'))],
    ]);
    const part = partOf(json, schemaUrl);
    scopes.set(scope, part);
    return part;
  }

  return {
    line(record, stream) {
      const event = attachedEvent(record, redactor);
      const attributes = eventAttributes(event, record, redactor);
      if (streamField) attributes[AUDIT_STREAM] = stream;
      const json = recordJson(event, attributes, record, redactor);
      return lineOf(json, resourcePart(record.resource), scopePart(record.instrumentationScope));
    },
    unreadable(stream, now) {
      const json = objectJson([
        ['observedTimeUnixNano', nanosJson([Math.floor(now / 1000), (now % 1000) * 1e6])],
        ['severityNumber', String(SEVERITY_NUMBERS.ERROR)],
        ['severityText', '"ERROR"'],
        ['body', anyValueJson(UNREADABLE_RECORD)],
        ['attributes', streamField && attributesJson({ [AUDIT_STREAM]: stream })],
      ]);
      const resource = partOf(`{"attributes":${attributesJson(ofProcess)}}`, undefined);
      return lineOf(json, resource, partOf(objectJson([['name', textJson(SCOPE)]]), undefined));
    },
  };
}

/** A resource or a scope, and what stands behind its records. */
interface Part {
  readonly json: string;
  readonly end: string;
}

function partOf(json: string, schemaUrl: unknown): Part {
  const url = textOf(schemaUrl);
  return { json, end: url ? `,"schemaUrl":${url}` : '' };
}

function lineOf(record: string, resource: Part, scope: Part): string {
  return oneLine(
    `{"resourceLogs":[{"resource":${resource.json},"scopeLogs":[{"scope":${scope.json},"logRecords":[${record}]${scope.end}}]${resource.end}}]}`,
  );
}

function recordJson(
  event: AnyEvent<JsonText>,
  attributes: Readonly<Record<string, unknown>>,
  record: LogRecordLike,
  redactor: Redactor,
): string {
  return objectJson([
    ['timeUnixNano', nanosJson(record.hrTime)],
    ['observedTimeUnixNano', record.hrTimeObserved && nanosJson(record.hrTimeObserved)],
    ['severityNumber', severityJson(record.severityNumber, event.level)],
    ['severityText', textOf(record.severityText)],
    ['eventName', textOf(record.eventName)],
    ['body', bodyJson(event, record, redactor)],
    ['attributes', attributesJson(attributes)],
    ['droppedAttributesCount', isAppEvent(event) && wholeJson(record.droppedAttributesCount)],
    ['traceId', hexJson(event.trace_id, TRACE_ID)],
    ['spanId', hexJson(event.span_id, SPAN_ID)],
    ['flags', wholeJson(record.spanContext?.traceFlags)],
  ]);
}

/** The attributes of our own records are those of their events: under `register` the LogRecords bear none. */
function eventAttributes(
  event: AnyEvent<JsonText>,
  record: LogRecordLike,
  redactor: Redactor,
): Record<string, unknown> {
  return isAppEvent(event) ? appAttributes(event, record, redactor) : attributesOf(event);
}

/** A body that has a structure keeps it. */
function bodyJson(event: AnyEvent<JsonText>, { body }: LogRecordLike, redactor: Redactor): string | undefined {
  if (!isAppEvent(event) || typeof body === 'string') return anyValueJson(event.message);
  const value = redactor.value(body, 'body');
  if (value !== null && typeof value !== 'string') return anyValueJson(value);
  return event.message === '' ? undefined : anyValueJson(event.message);
}

/** @param fields undefined, false or empty for what an object leaves out */
function objectJson(fields: readonly (readonly [name: string, json: string | false | undefined])[]): string {
  let json = '';
  for (const [name, value] of fields) if (value) json += `${json === '' ? '' : ','}"${name}":${value}`;
  return `{${json}}`;
}

function textOf(text: unknown): string | undefined {
  return typeof text === 'string' && text !== '' ? textJson(text) : undefined;
}

const MAX_UINT32 = 2 ** 32 - 1;

/** Undefined for 0, which goes without saying, and for what is none. */
function wholeJson(value: unknown, max = MAX_UINT32): string | undefined {
  return Number.isInteger(value) && (value as number) > 0 && (value as number) <= max ? String(value) : undefined;
}

const MAX_SEVERITY = 24;

/** A number that OpenTelemetry doesn't have becomes that of the level which it was taken for. */
function severityJson(severityNumber: number | undefined, level: string): string | undefined {
  if (!severityNumber) return undefined;
  return wholeJson(severityNumber, MAX_SEVERITY) ?? wholeJson(SEVERITY_NUMBERS[level as AppLevel]);
}

const TRACE_ID = /^[\da-f]{32}$/i;
const SPAN_ID = /^[\da-f]{16}$/i;

/** A reader refuses the whole line for an id that is none. */
function hexJson(id: string | undefined, pattern: RegExp): string | undefined {
  return id !== undefined && pattern.test(id) ? `"${id}"` : undefined;
}

const NANOS_PER_SECOND = 1_000_000_000n;
const END_OF_UINT64 = 2n ** 64n;

/** Undefined before 1970 and after 2554, which it can't say. */
function nanosJson([seconds, nanoseconds]: readonly [seconds: number, nanoseconds: number]): string | undefined {
  const nanos = BigInt(Math.trunc(seconds)) * NANOS_PER_SECOND + BigInt(Math.trunc(nanoseconds));
  return nanos >= 0n && nanos < END_OF_UINT64 ? `"${nanos}"` : undefined;
}

/** OpenTelemetry has these on the resource. */
function processAttributes(): Readonly<Record<string, unknown>> {
  const { hostname } = process.getBuiltinModule('node:os');
  return { 'host.name': hostname(), 'process.pid': process.pid };
}
