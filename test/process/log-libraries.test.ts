import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';

import { Application, SAYING_VERSIONS } from '../support/application.ts';
import { installed } from '../support/install.ts';

/** What is said while a request is served is said on the lines that `SAID` names. */
const SERVER = `import pino from 'pino';
import winston from 'winston';
import bunyan from 'bunyan';
import http from 'node:http';
const p = pino({ name: 'patients', level: 'debug' });
const w = winston.createLogger({ level: 'debug', transports: [new winston.transports.Console()] });
const b = bunyan.createLogger({ name: 'beds' });
const server = http.createServer((request, response) => {
  request.user = { id: request.url.slice(1) };
  setTimeout(function serve() {
    p.info({ ward: 7, password: 'hunter2' }, 'by pino %s', request.url);
    p.child({ bed: 1 }).error(new Error('boom', { cause: new TypeError('inner') }), 'failed');
    w.debug('by winston ' + request.url, { ward: 8, password: 'hunter2' });
    w.error(new Error('bad'));
    b.warn({ ward: 9, password: 'hunter2' }, 'by bunyan %s', request.url);
    b.error(new Error('worse'), 'bunyan failed');
    response.end();
  }, request.url === '/ann' ? 20 : 2);
});
server.listen(0, async () => {
  const span = '-b7ad6b7169203331-01';
  const ask = (who, trace) => fetch('http://localhost:' + server.address().port + '/' + who, {
    headers: { 'x-request-id': 'of-' + who, traceparent: '00-' + trace.repeat(32) + span },
  });
  await Promise.all([ask('ann', 'a'), ask('bob', 'b')]);
  server.close();
  server.closeAllConnections();
});
`;

const COMMONJS = SERVER.replace(/^import (\w+) from (.*);$/gm, 'const $1 = require($2);');

/** The line and the level, logger, message and exception that it makes. */
const SAID = (path: string): unknown[] => [
  [11, 'INFO', 'patients', `by pino ${path}`, ''],
  [12, 'ERROR', 'patients', 'failed', 'Error: boom'],
  [13, 'DEBUG', 'winston', `by winston ${path}`, ''],
  [14, 'ERROR', 'winston', 'bad', 'Error: bad'],
  [15, 'WARN', 'beds', `by bunyan ${path}`, ''],
  [16, 'ERROR', 'beds', 'bunyan failed', 'Error: worse'],
];

/** What the application's own logs say, without times and what is ours. */
function ownLines(stdout: string): string[] {
  return stdout
    .split('\n')
    .filter((line) => !/^API |^$/.test(line))
    .map((line) => line.replace(/"(?:time|pid)":(?:\d+|"[^"]*")/g, '').replace(/file:\/\/|:\d+:\d+/g, ''))
    .toSorted();
}

for (const version of SAYING_VERSIONS) {
  describe(`what log libraries are told on Node ${version}`, () => {
    let project: string;
    before(async () => {
      project = await installed({
        '@opentelemetry/api': '1.9.1',
        '@opentelemetry/instrumentation-bunyan': '0.68.0',
        '@opentelemetry/instrumentation-pino': '0.69.0',
        '@opentelemetry/instrumentation-winston': '0.68.0',
        '@opentelemetry/winston-transport': '0.32.0',
        bunyan: '1.8.15',
        pino: '10.4.0',
        winston: '3.19.0',
      });
    });

    for (const [file, text] of [
      ['server.mjs', SERVER],
      ['server.cjs', COMMONJS],
    ] as const) {
      it(`is recorded with place, request, trace and user, by an application such as ${file}`, async (t) => {
        const application = new Application(t, { [file]: text }, project);
        const without = await application.runWithout(version, [file]);
        const { stdout, stderr, code } = await application.run(version, [file]);
        assert.deepEqual({ code, stderr }, { code: 0, stderr: '' });
        assert.deepEqual(ownLines(stdout), ownLines(without.stdout));
        for (const who of ['ann', 'bob']) {
          const records = application.records().filter((record) => record['request_id'] === `of-${who}`);
          assert.deepEqual(
            records.map((record) => [
              record['line'],
              record['level'],
              record['name'],
              record['message'],
              String(record['exception']).split('\n')[0],
            ]),
            SAID(`/${who}`),
          );
          for (const record of records) {
            assert.deepEqual(
              [record['path'], record['module'], record['function'], record['actor_id'], record['trace_id']],
              [application.path(file), 'server', 'serve', who, (who === 'ann' ? 'a' : 'b').repeat(32)],
            );
          }
        }
        assert.equal(application.records().length, 12);
        assert.doesNotMatch(JSON.stringify(application.records()), /hunter2/);
        assert.match(JSON.stringify(application.records()), /"ward":7,"password":"\[REDACTED\]"/);
      });
    }

    it('is not recorded if it is not wanted', async (t) => {
      const application = new Application(t, { 'server.mjs': SERVER }, project);
      const { code } = await application.run(version, ['server.mjs'], { ACTIVITY_AUDIT_LOGS: 'false' });
      assert.equal(code, 0);
      assert.deepEqual(application.records(), []);
    });

    it('goes where it went, where no instrumentation is installed', async (t) => {
      const application = new Application(t, {
        'said.mjs': `import pino from 'pino';\nimport winston from 'winston';\npino({ base: null, timestamp: false }).info('hello');\nwinston.createLogger({ transports: [new winston.transports.Console()] }).info('hello');\n`,
      });
      const without = await application.runWithout(version, ['said.mjs']);
      const withUs = await application.run(version, ['said.mjs']);
      // The two write to the same pipe in their own ways, in one order or the other.
      assert.deepEqual(
        { ...withUs, stdout: ownLines(withUs.stdout) },
        { ...without, stdout: ownLines(without.stdout) },
      );
      assert.deepEqual(application.records(), []);
    });
  });
}
