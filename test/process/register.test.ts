import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { chmod, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { before, describe, it } from 'node:test';

import { collect } from '../support/collector.ts';
import { NODE_VERSIONS, nodeBinary } from '../support/install.ts';
import { readIncoming, readOutgoing, readRecords, runProcess, type Ended } from '../support/run.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const FIXTURES = 'test/fixtures/register';

/** The oldest Node that we run on: what works there by hand works on the others. */
let node: string;
before(async () => {
  node = await nodeBinary(NODE_VERSIONS[0]);
});

function register(env: NodeJS.ProcessEnv, fixture = 'one-request.mjs', ...args: string[]): Promise<Ended> {
  return runProcess(node, ['--import', 'activity-audit/register', path.join(FIXTURES, fixture), ...args], { env });
}

describe('register', () => {
  it('prints a console line for each record', async (t) => {
    const { stdout } = await register({ ACTIVITY_AUDIT_DIRECTORY: temporaryFolder(t) });
    assert.match(
      stdout,
      /^API \d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} \/one http GET Audit Internal Request 200 \d\.\d{3}s$/m,
    );
    assert.match(
      stdout,
      /^API \d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} http:\/\/127\.0\.0\.1:\d+\/one http GET Audit External Service 200 \d\.\d{3}s$/m,
    );
    assert.equal(stdout.split('\n').length, 3);
  });

  it('writes what any code logs through the Logs API to app.log', async (t) => {
    const directory = temporaryFolder(t);
    await register(
      { ACTIVITY_AUDIT_DIRECTORY: directory, OTEL_RESOURCE_ATTRIBUTES: 'service.name=shop' },
      'one-request.mjs',
      '--log',
    );
    const [record] = readRecords(directory, 'app');
    assert.equal(record?.['message'], 'logged');
    assert.equal(record?.['name'], 'shop');
    assert.equal(record?.['service_name'], 'shop');
  });

  it('records in worker threads', async (t) => {
    const directory = temporaryFolder(t);
    await register({ ACTIVITY_AUDIT_DIRECTORY: directory, ACTIVITY_AUDIT_CONSOLE: 'false' }, 'worker.mjs');
    assert.deepEqual(
      readIncoming(directory).map((record) => record['actor_id']),
      ['ann'],
    );
  });

  it('tells as unknown what was done in a transaction that the process did not live to end', async (t) => {
    const directory = temporaryFolder(t);
    const env = { ACTIVITY_AUDIT_DIRECTORY: directory, ACTIVITY_AUDIT_CONSOLE: 'false' };
    await register(env, 'unfinished-transaction.mjs');
    assert.deepEqual(
      readRecords(directory, 'audit').map((record) => [record['outcome'], record['error_message']]),
      [
        ['success', undefined],
        ['unknown', 'The process ended before the transaction did'],
      ],
    );
  });

  it('records the request whose handler killed the process', async (t) => {
    const directory = temporaryFolder(t);
    const { code, stderr } = await register(
      { ACTIVITY_AUDIT_DIRECTORY: directory, ACTIVITY_AUDIT_CONSOLE: 'false' },
      'throws.mjs',
    );
    assert.equal(code, 1);
    assert.match(stderr, /handler broke/);
    const [record] = readIncoming(directory);
    assert.match(JSON.stringify(record?.['request_repr']), /"path":"\/throws"/);
    assert.equal(record?.['outcome'], 'failure');
    assert.match(String(record?.['error_message']), /process ended/);
  });

  it('records a request that goes out by TLS in the first moment, and never denies its body', async (t) => {
    const directory = temporaryFolder(t);
    await register({ ACTIVITY_AUDIT_DIRECTORY: directory, ACTIVITY_AUDIT_CONSOLE: 'false' }, 'first-request.mjs');
    const [record, ...others] = readRecords(directory, 'api');
    assert.deepEqual(others, []);
    assert.match(String(record?.['error_message']), /ECONNREFUSED/);
    assert.equal(record?.['request_size'], 14);
    assert.match(
      JSON.stringify(record?.['request_repr']),
      /"body":(?:\{"first":true\}|"Binary content","body_truncated":true)/,
    );
  });

  it('adds two listeners for the end of the process and no more, for Node warns of the eleventh', async (t) => {
    const directory = temporaryFolder(t);
    const fixture = path.join(FIXTURES, 'exit-listeners.mjs');
    const without = await runProcess(node, [fixture]);
    const env = { ACTIVITY_AUDIT_DIRECTORY: directory, ACTIVITY_AUDIT_CONSOLE: 'false' };
    const { stdout, stderr } = await register(env, 'exit-listeners.mjs');
    assert.deepEqual({ stdout, stderr }, { stdout: `${Number(without.stdout) + 2}\n`, stderr: '' });
  });

  it('throws nothing into an application that takes the iterators away', async (t) => {
    const { code } = await register(
      { ACTIVITY_AUDIT_DIRECTORY: temporaryFolder(t), ACTIVITY_AUDIT_CONSOLE: 'false' },
      'no-iterators.cjs',
    );
    assert.equal(code, 7);
  });

  it('starts and records where a library has extended the prototype of all objects', async (t) => {
    const directory = temporaryFolder(t);
    const { code, stderr } = await runProcess(
      node,
      [
        '--require',
        `./${FIXTURES}/extended-prototypes.cjs`,
        '--import',
        'activity-audit/register',
        path.join(FIXTURES, 'one-request.mjs'),
      ],
      { env: { ACTIVITY_AUDIT_DIRECTORY: directory } },
    );
    assert.deepEqual([code, stderr], [0, '']);
    const records = readRecords(directory, 'api');
    assert.equal(records.length, 2);
    assert.doesNotMatch(JSON.stringify(records), /extension/);
  });

  it('does nothing at all with OTEL_SDK_DISABLED', async (t) => {
    const directory = path.join(temporaryFolder(t), 'logs');
    const { code, stdout } = await register({ ACTIVITY_AUDIT_DIRECTORY: directory, OTEL_SDK_DISABLED: 'true' });
    assert.deepEqual({ code, stdout, made: existsSync(directory) }, { code: 0, stdout: '', made: false });
  });

  it('stops the start with what was expected, got and where', async () => {
    const { code, stderr } = await register({ ACTIVITY_AUDIT_CONSOLE: 'loud' });
    assert.equal(code, 1);
    assert.match(
      stderr,
      /OptionError: activity-audit: ACTIVITY_AUDIT_CONSOLE: expected true or false, got "loud" \(string\)/,
    );
  });

  it('stops the start if the directory is none', async (t) => {
    const file = path.join(temporaryFolder(t), 'file');
    await writeFile(file, '');
    await chmod(file, 0o600);
    const { code, stderr } = await register({ ACTIVITY_AUDIT_DIRECTORY: file });
    assert.equal(code, 1);
    assert.match(stderr, /cannot write to .*file: .*; set the option directory/);
  });
});

describe('a config file', () => {
  const kinds: [name: string, text: string][] = [
    ['audit.json', '{ "console": false, "maxBodyBytes": 1 }'],
    ['audit.cjs', 'module.exports = { console: false, maxBodyBytes: 1, userOf: () => "from-cjs" };'],
    ['audit.mjs', 'export default { console: false, maxBodyBytes: 1, userOf: () => "from-mjs" };'],
    ['audit.js', 'module.exports = { console: false, maxBodyBytes: 1, userOf: () => "from-js" };'],
  ];
  for (const [name, text] of kinds) {
    it(`may be ${name}`, async (t) => {
      const directory = temporaryFolder(t);
      const file = path.join(directory, name);
      await writeFile(file, text);
      const { code, stdout, stderr } = await register({
        ACTIVITY_AUDIT_DIRECTORY: directory,
        ACTIVITY_AUDIT_CONFIG: file,
      });
      assert.deepEqual({ code, stdout }, { code: 0, stdout: '' }, stderr);
      const [record] = readIncoming(directory);
      assert.equal(record?.['actor_id'], name === 'audit.json' ? 'ann' : `from-${path.extname(name).slice(1)}`);
      assert.deepEqual(record?.['response_repr'] && (record['response_repr'] as { body: string }).body, 'o');
    });
  }

  it('may have hooks, beside what the environment says', async (t) => {
    const directory = temporaryFolder(t);
    const file = path.join(directory, 'audit.mjs');
    const hook = '({ statusCode }, { url, user }) => ({ statusCode, user: user?.id, isPath: url.startsWith("/") })';
    await writeFile(file, `export default { console: false, responseHook: ${hook} };`);
    const { code, stderr } = await register({
      ACTIVITY_AUDIT_DIRECTORY: directory,
      ACTIVITY_AUDIT_CONFIG: file,
      ACTIVITY_AUDIT_PEER_NAMES: '127.0.0.1=self',
      ACTIVITY_AUDIT_CAPTURE_BODIES: 'incoming',
    });
    assert.deepEqual({ code, stderr }, { code: 0, stderr: '' });
    const [[incoming], [outgoing]] = [readIncoming(directory), readOutgoing(directory)];
    assert.deepEqual(incoming?.['attributes'], { statusCode: 200, user: 'ann', isPath: true });
    assert.deepEqual(outgoing?.['attributes'], { statusCode: 200, isPath: false });
    assert.equal(outgoing['service_name'], 'self');
    assert.equal((incoming['response_repr'] as { body?: unknown }).body, 'ok');
    assert.equal((outgoing['response_repr'] as { body?: unknown }).body, undefined);
  });

  const broken: [name: string, text: string | undefined, message: RegExp][] = [
    ['missing.json', undefined, /ACTIVITY_AUDIT_CONFIG: expected a \.js, \.mjs, \.cjs or \.json file that loads/],
    ['syntax.json', '{ "console": ', /expected a \.js, \.mjs, \.cjs or \.json file that loads/],
    ['typo.json', '{ "consol": true }', /typo\.json: expected one of the options/],
    [
      'value.cjs',
      'module.exports = { reads: "some" };',
      /option reads in .*value\.cjs: expected true or false, got "some"/,
    ],
  ];
  for (const [name, text, message] of broken) {
    it(`stops the start as ${name}`, async (t) => {
      const file = path.join(temporaryFolder(t), name);
      if (text !== undefined) await writeFile(file, text);
      const { code, stderr } = await register({ ACTIVITY_AUDIT_CONFIG: file });
      assert.equal(code, 1);
      assert.match(stderr, message);
    });
  }
});

describe('with OTLP asked for', () => {
  it('starts the SDK of the application, whose spans the records carry, and sends the records too', async (t) => {
    const directory = temporaryFolder(t);
    const collector = await collect();
    t.after(() => collector.close());
    const { code, stderr } = await register({
      ACTIVITY_AUDIT_DIRECTORY: directory,
      ACTIVITY_AUDIT_CONSOLE: 'false',
      OTEL_SERVICE_NAME: 'shop',
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
      OTEL_METRICS_EXPORTER: 'none',
    });
    assert.equal(code, 0, stderr);
    const [record] = readIncoming(directory);
    assert.equal(record?.['service_name'], 'shop');
    const traces = collector.received('/v1/traces').join('');
    assert.match(traces, new RegExp(String(record?.['trace_id'])));
    assert.match(traces, new RegExp(String(record?.['span_id'])));
    assert.match(collector.received('/v1/logs').join(''), new RegExp(String(record?.['record_id'])));
  });

  it('sends the records in batches as OTEL_BLRP_* say', async (t) => {
    const collector = await collect();
    t.after(() => collector.close());
    const { code, stderr } = await register({
      ACTIVITY_AUDIT_DIRECTORY: temporaryFolder(t),
      ACTIVITY_AUDIT_CONSOLE: 'false',
      OTEL_LOGS_EXPORTER: 'otlp',
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
      OTEL_TRACES_EXPORTER: 'none',
      OTEL_METRICS_EXPORTER: 'none',
      OTEL_BLRP_MAX_EXPORT_BATCH_SIZE: '1',
    });
    assert.equal(code, 0, stderr);
    const batches = collector.received('/v1/logs').map((batch) => String(batch).match(/"logRecords":\[/g)?.length);
    assert.deepEqual(batches, [1, 1]);
  });

  it('sends the count of statements, which the application sees too', async (t) => {
    const collector = await collect();
    t.after(() => collector.close());
    const { code, stdout, stderr } = await register(
      {
        ACTIVITY_AUDIT_DIRECTORY: temporaryFolder(t),
        ACTIVITY_AUDIT_CONSOLE: 'false',
        OTEL_LOGS_EXPORTER: 'none',
        OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
        OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
        OTEL_TRACES_EXPORTER: 'none',
        OTEL_METRICS_EXPORTER: 'otlp',
      },
      'changes.mjs',
    );
    assert.equal(code, 0, stderr);
    assert.deepEqual(JSON.parse(stdout), { explained: 1, unexplained: 1, leftOut: 0, ratio: 0.5 });
    const [sent = ''] = collector.received('/v1/metrics').map(String);
    assert.match(sent, /"name":"audit.sql.statements"/);
    assert.match(sent, /"stringValue":"unexplained"/);
  });
});
