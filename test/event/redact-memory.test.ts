import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import { type Redactor, createRedactor } from '../../src/event/redact.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** Once more for what the turn before held. */
async function heapUsed(): Promise<number> {
  for (let time = 0; time < 2; time += 1) {
    await setImmediate();
    collectGarbage();
  }
  return process.memoryUsage().heapUsed;
}

/** Fewer than are remembered. */
const TIMES = 900;
const LONG = 8000;

/** What is kept of `TIMES` long texts. */
async function bytesKept(redact: (redactor: Redactor, i: number) => unknown): Promise<number> {
  const redactor = createRedactor();
  const before = await heapUsed();
  for (let i = 0; i < TIMES; i += 1) redact(redactor, i);
  const kept = (await heapUsed()) - before;
  redactor.text('is used until here');
  return kept;
}

/** As it comes from a socket. */
function received(text: string): string {
  return Buffer.from(text).toString();
}

describe('what is remembered', () => {
  const long = 'x'.repeat(LONG);
  for (const [what, redact] of Object.entries<(redactor: Redactor, i: number) => unknown>({
    'the texts that names stood in': (redactor, i) => redactor.text(received(`some_long_name_${i}=1 ${long}`)),
    'the JSON texts that names stood in': (redactor, i) =>
      redactor.json(received(`{"text":"${long}","some_long_name_${i}":1}`), 'request.body'),
    'long names behind those that are remembered': (redactor, i) =>
      redactor.json(`{"n${i}":1,"${long}${i}":1}`, 'request.body'),
    'long names of headers': (redactor, i) => redactor.headers([`${long}${i}`, ''], 'request.headers'),
    'long names in rows': (redactor, i) => redactor.objectText({ [`${long}${i}`]: 1 }, 'extra'),
  })) {
    it(`does not hold on to ${what}`, async () => {
      const kept = await bytesKept(redact);
      assert.ok(kept < 2e6, `${kept} bytes`);
    });
  }
});
