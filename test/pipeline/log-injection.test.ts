import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { Writable } from 'node:stream';
import { type TestContext, describe, it } from 'node:test';

import { logs } from '@opentelemetry/api-logs';
import { type LogRecordProcessor, LoggerProvider } from '@opentelemetry/sdk-logs';
import * as fc from 'fast-check';
import { DataTypes, type Model, type ModelStatic, Sequelize } from 'sequelize';

import { sqlite } from '../../examples/sqlite.js';
import { auditSequelize } from '../../src/capture/audit-sequelize.ts';
import type { AppEvent } from '../../src/event/event.ts';
import { createRedactor } from '../../src/event/redact.ts';
import { AuditLogRecordProcessor } from '../../src/export/audit-log-record-processor.ts';
import { consoleLine } from '../../src/export/console-line.ts';
import { ConsoleLogRecordExporter } from '../../src/export/console-log-record-exporter.ts';
import { FileLogRecordExporter } from '../../src/export/file-log-record-exporter.ts';
import { lineOf } from '../../src/export/line.ts';
import { auditInstrumentations } from '../../src/instrumentations.ts';
import { sendRaw, serve } from '../support/server.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** What ends a line for some reader, does something to a terminal, or is no text. */
// oxlint-disable-next-line no-control-regex -- control characters are what it looks for
const HARMFUL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/;
const BREAKS = ['\n', '\r\n', '\r', '\u0085', '\u2028', '\u2029', '\v', '\f', '\0', '\u001b[31m', '\u009b2J', '\u007f'];
const unit = fc.constantFrom(
  ...BREAKS,
  '\ud800',
  '\udc00',
  '\ufeff',
  '\u202e',
  '\u2066',
  'é',
  '😀',
  'a',
  '"',
  '\\',
  '{',
  ' ',
);
const hostile = fc.oneof(
  fc.string({ unit, maxLength: 12 }),
  fc.constantFrom('__proto__', 'constructor', 'toString', 'x\n'.repeat(1000), '{"level":"AUDIT"}\n{"level":"AUDIT"}'),
);
/** As bytes of a head may hold it. */
const headText = fc.string({
  unit: fc.constantFrom('\u0085', '\u009b', '\u0080', '\u00ff', 'a', '"', '\\', '%'),
  maxLength: 12,
});

describe('whatever a record holds', () => {
  const event = fc.record({
    timestamp: fc.constant('2025-08-16 17:06:32.403'),
    level: hostile,
    name: hostile,
    path: hostile,
    module: hostile,
    function: hostile,
    message: hostile,
    exception: hostile,
    line: fc.constant('' as const),
    attributes: fc.dictionary(hostile, fc.oneof(hostile, fc.array(hostile, { maxLength: 3 })), {
      noNullPrototype: true,
    }),
  }) satisfies fc.Arbitrary<AppEvent>;

  it('its line is one, and says the same', () => {
    fc.assert(
      fc.property(event, (record) => {
        const line = lineOf(record);
        assert.doesNotMatch(line.slice(0, -1), HARMFUL);
        assert.equal(line.at(-1), '\n');
        assert.deepEqual(JSON.parse(line), JSON.parse(JSON.stringify(record)));
      }),
    );
  });

  it('its line on the console is one, and does nothing to a terminal', () => {
    fc.assert(fc.property(event, (record) => assert.doesNotMatch(consoleLine(record), HARMFUL)));
  });
});

describe('whatever comes from outside', () => {
  it('makes one line a record, in the files and on the console', async (t) => {
    const application = await recording(t);
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          text: hostile,
          key: hostile,
          head: headText,
          form: fc.constantFrom('json', 'form', 'multipart', 'text'),
        }),
        async (sent) => {
          const before = application.emitted();
          await throughHttp(application.port, sent);
          await application.User.create({ name: sent.text, [`f${sent.form}`]: sent.key });
          await application.User.findOne({ where: { name: sent.text } }).catch(() => 'SQLite takes no NUL');
          throughLogs(sent);
          await application.untilEmitted(before + 5);
          const { lines, printed } = application.written();
          assert.equal(lines.length, application.emitted() - before);
          assert.equal(printed.length, lines.length);
          for (const line of [...lines, ...printed]) assert.doesNotMatch(line, HARMFUL);
          for (const line of lines) assert.equal(typeof JSON.parse(line), 'object');
        },
      ),
      { numRuns: 100 },
    );
    assert.equal(({} as Record<string, unknown>)['level'], undefined);
  });
});

interface Recording {
  readonly port: number;
  readonly User: ModelStatic<Model>;
  readonly emitted: () => number;
  readonly untilEmitted: (count: number) => Promise<void>;
  /** Since it was last asked. */
  readonly written: () => { readonly lines: string[]; readonly printed: string[] };
}

async function recording(t: TestContext): Promise<Recording> {
  const directory = temporaryFolder(t);
  const redactor = createRedactor();
  const records: unknown[] = [];
  const counter: LogRecordProcessor = {
    onEmit: (record) => void records.push(record),
    forceFlush: async () => {},
    shutdown: async () => {},
  };
  let printed = '';
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      printed += chunk.toString();
      done();
    },
  });
  const provider = new LoggerProvider({
    processors: [
      new AuditLogRecordProcessor({ exporter: new FileLogRecordExporter({ directory, redactor }), redactor }),
      new AuditLogRecordProcessor({ exporter: new ConsoleLogRecordExporter({ stream, redactor }), redactor }),
      counter,
    ],
  });
  logs.setGlobalLoggerProvider(provider);
  t.after(() => logs.disable());
  const userOf = ({ headers }: http.IncomingMessage): string => `${headers['x-user']?.toString()}\n\u001b[31m`;
  const instrumentations = auditInstrumentations({ userOf }, redactor);
  for (const instrumentation of instrumentations) instrumentation.setLoggerProvider(provider as never);
  t.after(() => instrumentations.forEach((instrumentation) => instrumentation.disable()));

  const server = await serve((request, response) => {
    response.setHeader('X-Echo', String(request.headers['x-echo'] ?? ''));
    response.setHeader('Content-Type', request.headers['content-type'] ?? 'text/plain');
    request.pipe(response);
  });
  t.after(() => server.close());
  const options = { dialect: 'sqlite', storage: ':memory:', dialectModule: sqlite, logging: false } as const;
  const sequelize = auditSequelize(new Sequelize(options), { redactor });
  const User = sequelize.define('User', { name: DataTypes.TEXT, fjson: DataTypes.TEXT, fform: DataTypes.TEXT });
  await sequelize.sync();

  const seen: Record<string, number> = { api: 0, audit: 0, app: 0, console: 0 };
  const unseen = (name: string, text: string): string[] => {
    const lines = text.slice(seen[name]).split('\n');
    assert.equal(lines.pop(), '', `${name} ends with a line`);
    seen[name] = text.length;
    return lines;
  };
  const written: Recording['written'] = () => ({
    lines: ['api', 'audit', 'app'].flatMap((name) => unseen(name, textOf(path.join(directory, `${name}.log`)))),
    printed: unseen('console', printed),
  });
  written();
  return {
    port: server.port,
    User,
    emitted: () => records.length,
    async untilEmitted(count) {
      while (records.length < count) await new Promise(setImmediate);
      await provider.forceFlush();
    },
    written,
  };
}

function textOf(file: string): string {
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}

interface Sent {
  readonly text: string;
  readonly key: string;
  readonly head: string;
  readonly form: string;
}

/** One exchange that comes in, and one that goes out and fails. */
async function throughHttp(port: number, sent: Sent): Promise<void> {
  const [type, body] = bodyOf(sent);
  // No other bytes get past Node's parser.
  const target = sent.head.replace(/[^ -~]/g, '');
  const head = [
    `POST /p${target}?${target}=${String(new URLSearchParams([[sent.key, sent.text]]))} HTTP/1.1`,
    'Host: x',
    'Connection: close',
    `X-User: ${sent.head}`,
    `X-Request-Id: ${sent.head}`,
    `X-Echo: ${sent.head}`,
    `__proto__: ${sent.head}`,
    `constructor: 1`,
    `Content-Type: ${type}`,
    `Content-Length: ${body.length}`,
    '\r\n',
  ].join('\r\n');
  await sendRaw(port, Buffer.concat([Buffer.from(head, 'latin1'), body]), () => false);
  const request = http.get({ port, path: '/out', headers: { 'X-Head': sent.head } }).on('error', () => undefined);
  request.destroy(new Error(sent.text));
}

function bodyOf({ text, key, form }: Sent): [type: string, body: Buffer] {
  switch (form) {
    case 'json':
      return ['application/json', Buffer.from(JSON.stringify({ [key]: text, a: [text] }))];
    case 'form':
      return [
        'application/x-www-form-urlencoded',
        Buffer.from(new URLSearchParams({ [key]: text, [text]: key }).toString()),
      ];
    case 'multipart':
      return [
        'multipart/form-data; boundary=b',
        Buffer.from(
          `--b\r\nContent-Disposition: form-data; name="${key}"\r\n\r\n${text}\r\n` +
            `--b\r\nContent-Disposition: form-data; name="${text}"; filename="${key}"\r\n\r\nx\r\n--b--\r\n`,
        ),
      ];
    default:
      return ['text/plain', Buffer.from(`${text}\n${key}: ${text}`)];
  }
}

function throughLogs({ text, key }: Sent): void {
  logs.getLogger(text).emit({
    body: text,
    severityText: key,
    eventName: text,
    attributes: { [key]: text, 'code.file.path': text, 'code.function.name': key, 'exception.message': text },
  });
}
