import * as fc from 'fast-check';

/** What other code may give to a logger; with names that mean something, and with secrets. */
const name = fc.oneof(
  fc.constantFrom(
    'code.file.path',
    'code.function.name',
    'code.line.number',
    'exception.type',
    'exception.message',
    'exception.stacktrace',
    'audit.actor.id',
    'audit.outcome',
    'audit.record.id',
    'audit.stream',
    'host.name',
    'process.pid',
    'service.name',
    'password',
    '',
    ' ',
    'a.b',
    'a_b',
    '.',
    '__proto__',
    'constructor',
    'stream',
  ),
  fc.string({ unit: 'binary', maxLength: 12 }),
);
const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string(),
  fc.constantFrom('password=hunter2', '{"token":"abc"}', '2026-01-01T00:00:00Z', 'success', 'line\nbreak\u2028\u0085'),
);
const scalar = fc.oneof(
  text,
  fc.double(),
  fc.integer(),
  fc.boolean(),
  fc.constant(null),
  fc.maxSafeInteger(),
  fc.bigInt(),
  fc.uint8Array({ maxLength: 8 }),
  fc.date(),
);
const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    scalar,
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(name, tie('value'), { maxKeys: 4 }),
  ),
}));

export interface AnyLogRecord {
  readonly eventName?: string | undefined;
  readonly severityNumber?: number | undefined;
  readonly severityText?: string | undefined;
  readonly body?: unknown;
  readonly attributes: Record<string, unknown>;
}

/** A LogRecord as any code in a process may emit it. */
export const anyLogRecord: fc.Arbitrary<AnyLogRecord> = fc.record(
  {
    eventName: fc.constantFrom('audit.model', 'audit.request', 'audit.login', 'order.placed', ''),
    severityNumber: fc.constantFrom(0, 1, 9, 13, 17, 24, 25, 1.5),
    severityText: fc.constantFrom('INFO', 'AUDIT', 'LOGIN', 'API', 'warning', ''),
    body: value,
    attributes: fc.dictionary(name, value, { maxKeys: 8 }),
  },
  { requiredKeys: ['attributes'] },
);
