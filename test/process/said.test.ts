import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';

import { Application, SAYING_VERSIONS } from '../support/application.ts';
import type { Ended } from '../support/run.ts';

/** Line by line: what is said in `say` on which line is what the tests look for. */
const CONSOLE = `import * as named from 'node:console';
import util from 'node:util';
class Printing { [util.inspect.custom]() { console.log('while inspected'); return 'Printing'; } }
function say() {
  console.log('hello %s', 'you', { a: 1, password: 'hunter2' });
  console.info('info');
  console.debug('debug');
  console.warn('warn');
  console.error('failed', new Error('boom', { cause: new TypeError('inner') }));
  console.trace('traced %d', 1);
  console.assert(1 === 2, 'not %s', 'equal');
  console.dir({ a: { b: { c: 1 } } }, { depth: 0 });
  console.table([{ a: 1 }]);
  console.group('group');
  console.log('in the\\ngroup');
  console.groupEnd();
  console.count();
  console.log(new Printing());
  named.log('named');
  [1].forEach(console.log);
  const { log } = console; log('detached');
  console.log();
  console.log(Symbol('s'), 5n, null, undefined);
  console.log(new Error('with %s in it'));
}
say();
`;

/** With and without us: what is printed and how it ends has to be the same, but for the id of the process. */
async function undisturbed(
  application: Application,
  version: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<Ended> {
  const without = await application.runWithout(version, args, env);
  const withUs = await application.run(version, args, env);
  assert.deepEqual(anonymous(withUs), anonymous(without));
  return withUs;
}

function anonymous(ended: Ended): Ended {
  return { ...ended, stderr: ended.stderr.replace(/^((?:\(node:|FOO ))\d+/gm, '$1PID') };
}

/** Level, name, function, line, message of each record. */
function said(application: Application): unknown[] {
  return application
    .records()
    .map(({ level, name, function: caller, line, message }) => [level, name, caller, line, message]);
}

for (const version of SAYING_VERSIONS) {
  describe(`what a process prints on Node ${version}`, () => {
    it('is printed as ever, and recorded with its place', async (t) => {
      const application = new Application(t, { 'say.mjs': CONSOLE });
      await undisturbed(application, version, ['say.mjs']);
      const table = '┌─────────┬───┐\n│ (index) │ a │\n├─────────┼───┤\n│ 0       │ 1 │\n└─────────┴───┘';
      assert.deepEqual(said(application), [
        ['INFO', 'console', 'say', 5, "hello you { a: 1, password: '[REDACTED]' }"],
        ['INFO', 'console', 'say', 6, 'info'],
        ['DEBUG', 'console', 'say', 7, 'debug'],
        ['WARN', 'console', 'say', 8, 'warn'],
        ['ERROR', 'console', 'say', 9, 'failed Error: boom'],
        ['TRACE', 'console', 'say', 10, 'traced 1'],
        ['WARN', 'console', 'say', 11, 'Assertion failed: not equal'],
        ['INFO', 'console', 'say', 12, '{ a: [Object] }'],
        ['INFO', 'console', 'say', 13, table],
        ['INFO', 'console', 'say', 14, 'group'],
        ['INFO', 'console', 'say', 15, 'in the\ngroup'],
        ['INFO', 'console', 'say', 17, 'default: 1'],
        ['INFO', 'console', '[nodejs.util.inspect.custom]', 3, 'while inspected'],
        ['INFO', 'console', 'say', 18, 'Printing'],
        ['INFO', 'console', 'say', 19, 'named'],
        ['INFO', 'console', 'say', 20, '1 0 [ 1 ]'],
        ['INFO', 'console', 'say', 21, 'detached'],
        ['INFO', 'console', 'say', 22, ''],
        ['INFO', 'console', 'say', 23, 'Symbol(s) 5n null undefined'],
        ['INFO', 'console', 'say', 24, 'Error: with %s in it'],
      ]);
      const [failed, traced] = application.records().slice(4);
      assert.match(
        String(failed?.['exception']),
        /^Error: boom\n {4}at say .*\nCaused by: TypeError: inner\n {4}at say /s,
      );
      assert.match(String(traced?.['exception']), /^Trace: traced 1\n {4}at say /);
      for (const record of application.records()) assert.equal(record['path'], application.path('say.mjs'));
    });

    it('is recorded in CommonJS and TypeScript, too', async (t) => {
      const text = `function say(): void {\n  console.log('hello');\n}\nsay();\nexport {};\n`;
      const application = new Application(t, {
        'say.mts': text,
        'say.cjs': text.replace(': void', '').replace('export {};\n', ''),
      });
      await undisturbed(application, version, ['--import', 'tsx', 'say.mts']);
      await undisturbed(application, version, ['say.cjs']);
      assert.deepEqual(
        application.records().map(({ path, function: caller, line }) => [path, caller, line]),
        [
          [application.path('say.mts'), 'say', 2],
          [application.path('say.cjs'), 'say', 2],
        ],
      );
    });

    it('is printed by a console that the application changes, and changes back', async (t) => {
      const application = new Application(t, {
        'before.mjs': `const { log } = console; console.log = (...args) => log('before:', ...args);`,
        'say.mjs': `
          const { log, warn } = console;
          const shape = (name) => [name, console[name].name, console[name].length, 'prototype' in console[name], Object.keys(console).includes(name)].join();
          process.stdout.write(['log', 'info', 'debug', 'dir', 'warn', 'error', 'trace', 'table'].map(shape).join(' ') + '\\n');
          console.log('first');
          console.log = (...args) => log('mine:', ...args);
          console.warn = () => {};
          console.log('second');
          console.warn('swallowed');
          console.assert(false, 'also swallowed');
          console.log = log;
          console.warn = warn;
          console.log('third');
          globalThis.console = new console.Console(process.stderr);
          console.log('elsewhere');
          throw new (class Bad { toString() { throw new Error('bad'); } })();
        `,
      });
      const { code } = await undisturbed(application, version, ['say.mjs'], { NODE_OPTIONS: '--import ./before.mjs' });
      assert.notEqual(code, 0);
      assert.deepEqual(
        application
          .records()
          .filter(({ name }) => name === 'console')
          .map(({ message }) => message),
        ['first', 'mine: second', 'third'],
      );
    });

    it('is thrown as ever where a value can not be shown', async (t) => {
      const application = new Application(t, {
        'say.mjs': `import { inspect } from 'node:util';
          for (const value of [{ [inspect.custom]() { throw new Error('shown never'); } }, new Proxy({}, { get() { throw new Error('asked'); } })]) {
            try { console.log('%s', value); } catch (error) { console.error(error.message); }
          }
          Error.stackTraceLimit = 0;
          console.log('%d', { valueOf() { throw new Error('no number'); } });`,
      });
      await undisturbed(application, version, ['say.mjs']);
    });

    it('is left alone by those who export, however they print', async (t) => {
      const application = new Application(t, {
        'say.mjs': `
          import { logs } from '@opentelemetry/api-logs';
          import { ConsoleLogRecordExporter, LoggerProvider, SimpleLogRecordProcessor, BatchLogRecordProcessor } from '@opentelemetry/sdk-logs';
          import { auditInstrumentations, getLogger } from 'activity-audit';
          const printing = { onEmit(record) { console.log('exporting', record.body); getLogger('exporter').info('exported'); }, forceFlush: async () => {}, shutdown: async () => {} };
          const provider = new LoggerProvider({ processors: [printing, new SimpleLogRecordProcessor({ exporter: new ConsoleLogRecordExporter() }), new BatchLogRecordProcessor({ exporter: new ConsoleLogRecordExporter(), scheduledDelayMillis: 5 })] });
          logs.setGlobalLoggerProvider(provider);
          auditInstrumentations({ http: false });
          console.log('hello');
          getLogger('app').info('said');
          setTimeout(() => provider.forceFlush().then(() => process.exit()), 100);
        `,
      });
      const { stdout, stderr } = await application.runWithout(version, ['say.mjs']);
      assert.equal(stderr, '');
      assert.deepEqual(
        stdout
          .split('\\n')
          .join('\n')
          .match(/^(?:hello|exporting .*)$/gm),
        ['hello', 'exporting hello', 'exporting said'],
      );
      assert.equal(stdout.match(/body: 'hello'/g)?.length, 2);
      assert.match(stdout, /'log\.iostream': 'stdout'/);
    });

    it('is recorded of the debug sections that are asked for', async (t) => {
      const application = new Application(t, {
        'say.mjs': `import util, { debuglog } from 'node:util';
let fast;
const foo = debuglog('foo', (given) => { fast = given; });
const other = util.debug('other');
function say() {
  foo('one %d', 1, { password: 'hunter2' });
  fast('two');
  other('never');
}
say();
console.log(foo.enabled, other.enabled, foo.name, debuglog.name, debuglog.length, util.debug === util.debuglog);
try { debuglog(7)('x'); } catch (error) { console.log(error.name); }
`,
      });
      await undisturbed(application, version, ['say.mjs'], { NODE_DEBUG: 'foo' });
      assert.deepEqual(
        said(application).filter((record) => (record as string[])[1] !== 'console'),
        [
          ['DEBUG', 'debuglog.foo', 'say', 6, "one 1 { password: '[REDACTED]' }"],
          ['DEBUG', 'debuglog.foo', 'say', 7, 'two'],
        ],
      );
    });

    it('is not recorded if it is not wanted', async (t) => {
      const application = new Application(t, {
        'say.mjs': `${CONSOLE}process.emitWarning('careful');\nsetTimeout(() => { throw new Error('end'); });\n`,
      });
      await undisturbed(application, version, ['say.mjs'], { ACTIVITY_AUDIT_LOGS: 'false' });
      assert.deepEqual(said(application), []);
      await undisturbed(application, version, ['say.mjs'], { ACTIVITY_AUDIT_LEVELS: 'info,console=error,process=off' });
      assert.deepEqual(said(application), [['ERROR', 'console', 'say', 9, 'failed Error: boom']]);
    });
  });

  describe(`how a process fails on Node ${version}`, () => {
    const ends = async (t: TestContext, text: string, ...args: string[]): Promise<Application> => {
      const application = new Application(t, { 'end.mjs': text });
      await undisturbed(application, version, [...args, 'end.mjs']);
      return application;
    };

    it('is recorded of an exception that nobody catches', async (t) => {
      const application = await ends(
        t,
        `function fail() {\n  throw new Error('boom password=hunter2', { cause: new TypeError('inner') });\n}\nsetTimeout(() => fail(), 1);\n`,
      );
      assert.deepEqual(said(application), [
        ['FATAL', 'process', 'fail', 2, 'Uncaught exception: Error: boom password=[REDACTED]'],
      ]);
      const [record] = application.records();
      assert.equal(record?.['path'], application.path('end.mjs'));
      assert.match(
        String(record?.['exception']),
        /^Error: boom password=\[REDACTED\]\n {4}at fail .*\nCaused by: TypeError: inner\n/s,
      );
    });

    it('is recorded of what is thrown and is no error', async (t) => {
      const application = await ends(t, `setTimeout(() => { throw { code: 7 }; }, 1);`);
      assert.deepEqual(said(application), [['FATAL', 'process', '', '', 'Uncaught exception: { code: 7 }']]);
    });

    it('is recorded of a rejection that nobody handles', async (t) => {
      const application = await ends(
        t,
        `function fail() {\n  Promise.reject(new Error('boom'));\n}\nfail();\nsetTimeout(() => {}, 1000);\n`,
      );
      assert.deepEqual(said(application), [['FATAL', 'process', 'fail', 2, 'Unhandled rejection: Error: boom']]);
    });

    it('is recorded of a rejection that Node.js only warns of', async (t) => {
      const application = await ends(
        t,
        `Promise.reject(new Error('boom'));\nsetTimeout(() => {}, 50);\n`,
        '--unhandled-rejections=warn',
      );
      const records = said(application) as string[][];
      assert.ok(records.length > 0 && records.every(([level, name]) => level === 'WARN' && name === 'process'));
      assert.match(records.map((record) => record[4]).join('\n'), /UnhandledPromiseRejectionWarning: Error: boom/);
    });

    it('is left to an application that handles it', async (t) => {
      const application = await ends(
        t,
        `process.on('unhandledRejection', (reason) => console.log('handled', reason.message));
process.on('uncaughtException', (error, origin) => { console.log('caught', error.message, origin, process.listenerCount('uncaughtException')); process.exitCode = 3; });
Promise.reject(new Error('one'));
setTimeout(() => { throw new Error('two'); }, 20);
`,
      );
      assert.deepEqual(
        application.records().map(({ level, message }) => [level, message]),
        [
          ['INFO', 'handled one'],
          ['FATAL', 'Uncaught exception: Error: two'],
          ['INFO', 'caught two uncaughtException 1'],
        ],
      );
    });

    it('is recorded of warnings, once', async (t) => {
      const application = await ends(
        t,
        `function warn() {\n  process.emitWarning('careful', { type: 'Custom', code: 'C1', detail: 'why' });\n}\nwarn();\nprocess.emitWarning('old', 'DeprecationWarning', 'D1');\n`,
      );
      const [first, second, ...others] = application.records();
      assert.deepEqual(
        [
          first?.['level'],
          first?.['name'],
          first?.['function'],
          first?.['line'],
          first?.['message'],
          first?.['attributes'],
        ],
        ['WARN', 'process', 'warn', 2, 'Custom: careful', { code: 'C1', detail: 'why' }],
      );
      assert.deepEqual(
        [second?.['message'], second?.['attributes'], others],
        ['DeprecationWarning: old', { code: 'D1' }, []],
      );
    });
  });
}
