import assert from 'node:assert/strict';
import { after, beforeEach, describe, it } from 'node:test';

import { logs } from '@opentelemetry/api-logs';

import { ApplicationLogsInstrumentation } from '../../src/capture/application-logs.ts';
import { getLogger } from '../../src/capture/get-logger.ts';
import { withActor } from '../../src/context/actor.ts';
import { attachedEvent } from '../../src/event/attached-event.ts';
import type { AppEvent } from '../../src/event/event.ts';
import { createRedactor } from '../../src/event/redact.ts';
import { plainProvider } from '../support/provider.ts';

const redactor = createRedactor({ names: ['nickname'] });
const instrumentation = new ApplicationLogsInstrumentation({ redactor, levels: { root: 'debug', quiet: 'off' } });
const { provider, records } = plainProvider();
after(() => instrumentation.disable());

const log = getLogger('patients');

/** What is emitted while `fn` runs: the records, and their attributes. */
function said(fn: () => void): { event: AppEvent; attributes: Record<string, unknown> }[] {
  fn();
  return records.splice(0).map((record) => ({
    event: attachedEvent(record, redactor) as AppEvent,
    attributes: record.attributes,
  }));
}

function one(fn: () => void): AppEvent {
  const [first, ...others] = said(fn);
  assert.equal(others.length, 0);
  assert.ok(first);
  return first.event;
}

describe('getLogger', () => {
  beforeEach(() => {
    logs.disable();
    logs.setGlobalLoggerProvider(provider);
  });

  it('finds the provider that is there when something is said', () => {
    logs.disable();
    const early = getLogger('early');
    early.info('nobody listens');
    logs.setGlobalLoggerProvider(provider);
    assert.equal(one(() => early.info('now')).name, 'early');
  });

  it('says at each level with its number', () => {
    const levels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'audit', 'api'] as const;
    for (const level of levels) log[level](level);
    assert.deepEqual(
      records.splice(0).map(({ severityText, severityNumber, body }) => [severityText, severityNumber, body]),
      [
        ['DEBUG', 5, 'debug'],
        ['INFO', 9, 'info'],
        ['WARN', 13, 'warn'],
        ['ERROR', 17, 'error'],
        ['FATAL', 21, 'fatal'],
        ['AUDIT', 10, 'audit'],
        ['API', 11, 'api'],
      ],
    );
  });

  it('formats as util.format does, without the objects beside the message', () => {
    const cases: [unknown[], string, unknown][] = [
      [['%s is %d%%', 'it', 5], 'it is 5%', undefined],
      [['100%', { a: 1 }], '100%', { a: 1 }],
      [['%j and %o', { a: 1 }, [1], { b: 2 }], '{"a":1} and [ 1, [length]: 1 ]', { b: 2 }],
      [['created', 7, { a: 1 }, { b: new Date(0) }], 'created 7', { a: 1, b: '1970-01-01T00:00:00.000Z' }],
      [[{ a: 1 }, 'created %s', 7], 'created 7', { a: 1 }],
      [[['list'], new Set([1])], "[ 'list' ] Set(1) { 1 }", undefined],
      [[{ toJSON: () => ({ shown: true }), hidden: true }], '', { shown: true }],
      [[undefined], 'undefined', undefined],
      [[], '', undefined],
    ];
    for (const [args, message, attributes] of cases) {
      const event = one(() => Reflect.apply(log.info, undefined, args) as void);
      assert.deepEqual([event.message, event.attributes], [message, attributes]);
    }
  });

  it('tells the whole stack of an error, with its causes and those that it holds', () => {
    const inner = new TypeError('inner');
    const held = new RangeError('held');
    const error = new AggregateError([held], 'outer', { cause: inner });
    (inner as { cause?: unknown }).cause = error;
    const [record] = said(() => log.error('not %s', 'sent', error, { attempt: 3 }));
    assert.equal(record?.event.message, 'not sent');
    assert.deepEqual(record?.event.attributes, { attempt: 3 });
    assert.equal(
      record?.event.exception,
      `${error.stack}\nCaused by: ${inner.stack}\nOne of its errors: ${held.stack}`,
    );
    assert.equal(record?.attributes['exception.type'], 'AggregateError');
    assert.equal(record?.attributes['exception.message'], 'outer');
    assert.equal(record?.attributes['exception.stacktrace'], record?.event.exception);
    assert.equal(one(() => log.error(inner)).message, 'TypeError: inner');
    assert.match(one(() => log.error({ err: held }, 'failed')).exception, /^RangeError: held\n/);
    assert.match(
      one(() => log.error('failed', new Error('a', { cause: 'password=hunter2' }))).exception,
      /Caused by: password=\[REDACTED\]$/,
    );
  });

  it('shows no secret in a message, an attribute or an exception', () => {
    const secret = 'hunter2';
    const all = said(() => {
      log.info('signed in with password=%s', secret, { password: secret, deep: { nickname: secret } });
      log.error(new Error(`connecting to postgres://u:${secret}@db/x`, { cause: new Error(`token=${secret}`) }));
      log.child({ apiKey: secret }).info('%j', { password: secret });
      log.info('%o', new Map([['password', secret]]));
      log.info('%s', `{ user: { password: '${secret}' } }`);
    });
    assert.equal(all.length, 5);
    assert.doesNotMatch(JSON.stringify(all), /hunter2/);
  });

  it('has children that bind attributes', () => {
    const child = log.child({ tenant: 7, at: 'a' }).child({ at: 'b' });
    const event = one(() => child.info('hello', { more: true }));
    assert.equal(event.name, 'patients');
    assert.deepEqual(event.attributes, { tenant: 7, at: 'b', more: true });
  });

  it('asks nothing of the arguments of a level that is off', () => {
    const quiet = getLogger('quiet.one');
    const trap = {
      get secret() {
        throw new Error('asked');
      },
      toJSON() {
        throw new Error('asked');
      },
    };
    assert.deepEqual(
      said(() => {
        quiet.fatal('%s', trap);
        log.trace(trap);
      }),
      [],
    );
    assert.deepEqual([log.isEnabled('trace'), log.isEnabled('debug'), quiet.isEnabled('fatal')], [false, true, false]);
    assert.deepEqual([quiet.isEnabled('audit'), quiet.isEnabled('api')], [true, true]);
    assert.equal(said(() => quiet.audit('kept')).length, 1);
  });

  it('tells the place of the caller, also with a method that was taken off', () => {
    const { info } = log;
    function treatPatient(): void {
      info('treated');
    }
    const event = one(treatPatient);
    assert.deepEqual(
      [event.path, event.module, event.function],
      [import.meta.filename, 'get-logger.test', 'treatPatient'],
    );
    assert.equal(typeof event.line, 'number');
    const [record] = said(treatPatient);
    assert.equal(record?.attributes['code.file.path'], import.meta.filename);
    assert.equal(record?.attributes['code.function.name'], 'treatPatient');
    assert.equal(record?.attributes['code.line.number'], event.line);
  });

  it('tells for whom it was said', () => {
    const ann = { id: 'ann', onBehalfOf: { id: 'bob', email: 'b@example.com' } };
    const event = one(() => withActor(ann, () => log.info('hello', { 'audit.actor.id': 'root' })));
    assert.equal(event.actor_id, 'ann');
    assert.equal(event.attributes?.['app.audit.actor.id'], 'root');
    const principal = JSON.parse(String(event.attributes?.['audit.actor.on_behalf_of'])) as { id: string };
    assert.equal(principal.id, 'bob');
  });

  it('says nothing while it is disabled', () => {
    instrumentation.disable();
    assert.deepEqual(
      said(() => log.audit('unheard')),
      [],
    );
    instrumentation.enable();
    assert.equal(said(() => log.audit('heard')).length, 1);
  });

  it('takes a name, and no other', () => {
    for (const name of ['', 'audit.model', 7, undefined]) assert.throws(() => getLogger(name as string), TypeError);
  });

  it('never throws for what it is given', () => {
    const trap = new Proxy(
      {},
      {
        get() {
          throw new Error('trapped');
        },
        ownKeys() {
          throw new Error('trapped');
        },
      },
    );
    const badError = Object.defineProperty(new Error('bad'), 'stack', {
      get() {
        throw new Error('trapped');
      },
    });
    assert.equal(
      said(() => {
        log.info(trap);
        log.error(badError);
        log.info('%s', Object.create(null));
        log.info(Symbol('s'));
      }).length,
      4,
    );
  });
});
