import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Writable } from 'node:stream';
import { describe, it } from 'node:test';
import zlib from 'node:zlib';

import { SeverityNumber, logs } from '@opentelemetry/api-logs';
import { InMemoryLogRecordExporter, LoggerProvider, SimpleLogRecordProcessor } from '@opentelemetry/sdk-logs';
import express from 'express';
import { DataTypes, type Model, type ModelStatic, Sequelize } from 'sequelize';

import { sqlite } from '../../examples/sqlite.js';
import { auditSequelize } from '../../src/capture/audit-sequelize.ts';
import { type Redactor, createRedactor } from '../../src/event/redact.ts';
import { AuditLogRecordProcessor } from '../../src/export/audit-log-record-processor.ts';
import { ConsoleLogRecordExporter } from '../../src/export/console-log-record-exporter.ts';
import { FileLogRecordExporter } from '../../src/export/file-log-record-exporter.ts';
import { auditInstrumentations } from '../../src/instrumentations.ts';
import { send, serve } from '../support/server.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** Each secret is planted once, and bears the name of its channel, so that a leak tells where it came through. */
const planted: string[] = [];
function secret(channel: string): string {
  const text = `s3cr3t${channel.replaceAll(/\W/g, '')}${planted.length}`;
  planted.push(text);
  return text;
}

/** Where no name gives a secret away, its look has to. */
const JWT = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI3In0.Qk9wc2lnbmF0dXJl';
const CARD = '4111 1111 1111 1111';
const PEM = '-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQ\n-----END PRIVATE KEY-----';
const UNNAMED = [JWT.slice(21), CARD, CARD.replaceAll(' ', ''), 'MIIEvQ'];

const FORMATS = ['seed', 'otlp', 'ecs'] as const;

describe('a secret', () => {
  it('is nowhere, whatever channel it came through', async (t) => {
    const directory = temporaryFolder(t);
    const redactor = createRedactor({ names: ['iban'], paths: ['User.notes'] });
    const terminal = memory();
    const shipped = new InMemoryLogRecordExporter();
    const provider = new LoggerProvider({
      processors: [
        ...FORMATS.map((format) => {
          const exporter = new FileLogRecordExporter({ directory: path.join(directory, format), format, redactor });
          return new AuditLogRecordProcessor({ exporter, redactor });
        }),
        new AuditLogRecordProcessor({
          exporter: new ConsoleLogRecordExporter({ stream: terminal, redactor }),
          redactor,
        }),
        new SimpleLogRecordProcessor({ exporter: shipped }),
      ],
    });
    logs.setGlobalLoggerProvider(provider);
    const instrumentations = auditInstrumentations({}, redactor);
    for (const instrumentation of instrumentations) instrumentation.setLoggerProvider(provider as never);
    t.after(() => instrumentations.forEach((instrumentation) => instrumentation.disable()));
    const server = await serve(application());
    t.after(() => server.close());

    const User = await userModel(redactor);
    await throughHttp(server.port);
    await throughSequelize(User);
    throughLogs(provider);
    await provider.forceFlush();

    // What foreign code logs is its own to protect on its way to its own exporters.
    const ours = shipped.getFinishedLogRecords().filter((record) => record.eventName?.startsWith('audit.'));
    const places = {
      console: terminal.text,
      OTLP: JSON.stringify(ours.map(({ body, attributes }) => ({ body, attributes }))),
      ...Object.fromEntries(
        FORMATS.flatMap((format) => ['audit.log', 'api.log', 'app.log'].map((file) => path.join(format, file))).map(
          (file) => [file, readFileSync(path.join(directory, file), 'utf8')],
        ),
      ),
    };
    assert.ok(planted.length > 35, 'all channels were used');
    for (const [place, text] of Object.entries(places)) {
      assert.ok(text.length > 500, `${place} shows something`);
      const leaked = [...planted, ...UNNAMED].filter((one) => text.includes(one));
      assert.deepEqual(leaked, [], `leaked into ${place}`);
    }
  });
});

function memory(): Writable & { text: string } {
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      memorised.text += chunk.toString();
      done();
    },
  });
  const memorised = Object.assign(stream, { text: '' });
  return memorised;
}

/** What a model marks as sensitive is redacted in bodies too. */
async function userModel(redactor: Redactor): Promise<ModelStatic<Model>> {
  const options = { dialect: 'sqlite', storage: ':memory:', dialectModule: sqlite, logging: false } as const;
  const sequelize = auditSequelize(new Sequelize(options), { redactor });
  const User = sequelize.define('User', {
    email: { type: DataTypes.STRING, unique: true, validate: { isEmail: true } },
    passwordHash: DataTypes.STRING,
    mothersName: { type: DataTypes.STRING, sensitive: true } as never,
    notes: DataTypes.STRING,
  });
  await sequelize.sync();
  return User;
}

function application(): express.Express {
  const app = express();
  app.use(express.json(), express.urlencoded({ extended: true }), express.text());
  app.post('/json', (request, response) => {
    response.cookie('session', secret('set-cookie')).set('X-Auth-Token', secret('response header'));
    response.json({ echoed: request.body as unknown, access_token: secret('response JSON'), jwt: JWT });
  });
  app.post('/fails', () => {
    throw new Error(`login of x failed: password=${secret('error page')}`);
  });
  app.use((request, response) => {
    response.type('text').send(`token=${secret('response text')} ${String(request.body)}`);
  });
  // Express prints the errors of handlers that nobody handled.
  app.set('env', 'test');
  return app;
}

async function throughHttp(port: number): Promise<void> {
  const post = (target: string, type: string, body: string | Buffer, headers = {}): Promise<unknown> =>
    send(port, { method: 'POST', path: target, headers: { 'Content-Type': type, ...headers } }, body);

  const deep = {
    a: [{ b: { 'new-Password': secret('deep JSON') } }],
    iban: secret('option'),
    mothersName: secret('sensitive in body'),
  };
  await post('/json', 'application/json', JSON.stringify({ ...deep, card: CARD, text: `see ${JWT}`, key: PEM }), {
    Authorization: `Bearer ${secret('bearer')}`,
    Cookie: `sid=${secret('cookie')}`,
    'X-Api-Key': secret('api key'),
    'Proxy-Authorization': `Basic ${secret('basic')}`,
    Referer: `https://app.example/?access_token=${secret('referer')}`,
  });
  await post(`/json?token=${secret('query')}&q=1&client_secret=${secret('second query')}`, 'application/json', '{}');
  await post(`/files/${JWT}`, 'text/plain', `my password: ${secret('text body')}`);
  await post('/form', 'application/x-www-form-urlencoded', `user%5Bpassword%5D=${secret('form')}&pin=${secret('pin')}`);
  await post('/gzip', 'application/json', zlib.gzipSync(JSON.stringify({ otp: secret('gzip') })), {
    'Content-Encoding': 'gzip',
  });
  await post(
    '/cut',
    'application/json',
    JSON.stringify({ filler: 'x'.repeat(65_500), password: secret('cut').padEnd(200, 'x') }),
  );
  await post('/broken', 'application/json', `{"password":"${secret('broken JSON')}`);
  await post('/xml', 'application/xml', `<login><password>${secret('XML')}</password></login>`);
  await post(
    '/multipart',
    'multipart/form-data; boundary=b',
    `--b\r\nContent-Disposition: form-data; name="password"\r\n\r\n${secret('multipart')}\r\n--b--`,
  );
  await post('/fails', 'application/json', '{}');
}

async function throughSequelize(User: ModelStatic<Model>): Promise<void> {
  const row = (): Record<string, string> => ({
    passwordHash: secret('row'),
    mothersName: secret('sensitive attribute'),
    notes: secret('path'),
  });
  const user = await User.create({ email: 'a@example.com', ...row() });
  await user.update(row());
  await User.findOne({ where: { passwordHash: secret('where') } });
  await User.update({ passwordHash: secret('bulk update') }, { where: { mothersName: secret('bulk where') } });
  await User.bulkCreate([{ email: 'b@example.com', ...row() }]);
  await User.upsert({ id: 1, email: 'a@example.com', ...row() });
  await User.sequelize?.query(`UPDATE Users SET passwordHash = '${secret('raw SQL')}' WHERE id = 1`);
  await User.sequelize?.query('UPDATE Users SET passwordHash = ? WHERE id = 1', {
    replacements: [secret('replacement')],
  });
  await assert.rejects(User.create({ email: 'a@example.com', ...row() }));
  await assert.rejects(User.create({ email: `not an address, token=${secret('validation')}`, ...row() }));
  await user.destroy();
}

function throughLogs(provider: LoggerProvider): void {
  const logger = provider.getLogger('shop');
  const error = new Error(`connect failed: postgres://shop:${secret('exception')}@db/shop`);
  logger.emit({ severityNumber: SeverityNumber.ERROR, body: `password=${secret('log body')}`, exception: error });
  logger.emit({ body: { card: CARD, secret: secret('log structure') } });
  logger.emit({
    body: 'attributes',
    attributes: { 'user.password': secret('log attribute'), nested: { apiKey: secret('nested attribute') } },
  });
}
