import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, describe, it } from 'node:test';

import * as fc from 'fast-check';

import type { Format } from '../../src/export/format.ts';
import { collect } from '../support/collector.ts';
import { MAX_BODY_BYTES, OWN_NAMES, OWN_URL_PATHS, type Plan, exchange, leakIn } from '../support/planted-secrets.ts';
import { startProcess } from '../support/run.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/**
 * By hand, for as long as one likes: `PLANTED_SEED=7 PLANTED_RUNS=5000 node --test test/process/planted-secrets.test.ts`
 * after `npm run build`. A failure tells its seed, and its path for `PLANTED_PATH`.
 */
const { PLANTED_SEED = '1', PLANTED_RUNS = '120', PLANTED_PATH } = process.env;
const chosen = {
  seed: Number(PLANTED_SEED),
  numRuns: Number(PLANTED_RUNS),
  ...(PLANTED_PATH && { path: PLANTED_PATH }),
};

/** At the same time. */
const MAX_EXCHANGES = 6;

describe('a secret in an exchange', () => {
  for (const [format, protocol] of [
    ['seed', 'http/json'],
    ['seed', 'http/protobuf'],
    ['otlp', 'http/json'],
    ['ecs', 'http/json'],
  ] as const) {
    it(`is nowhere, and what is none is there, in files of the format ${format}, with OTLP over ${protocol}`, async (t) => {
      const shownOf = await startApplication(t, format, protocol);
      const exchanges = fc.array(exchange, { minLength: 1, maxLength: MAX_EXCHANGES });
      await fc.assert(
        fc.asyncProperty(exchanges, async (plans) => check(plans, await shownOf(plans))),
        chosen,
      );
    });
  }
});

/** What each place shows. */
type Shown = Readonly<Record<string, string>>;

function check(plans: readonly Plan[], shown: Shown): void {
  for (const [place, text] of Object.entries(shown)) {
    assert.equal(leakIn(text, place === 'OTLP'), undefined, `leaked into ${place}`);
  }
  const lines = shown['api.log']?.split('\n') ?? [];
  for (const { id, innocent } of plans) {
    const records = lines.filter((line) => line.includes(`"${id}"`) || line.includes(`\\"${id}\\"`));
    assert.ok(records.length > 0, `${id} has records`);
    for (const text of innocent)
      assert.ok(
        records.every((record) => record.includes(text)),
        `${id} shows ${text}`,
      );
  }
}

/**
 * An application under register that sends its records to a collector.
 *
 * @returns does a batch of exchanges, and gives what is shown of it once all of that is there
 */
async function startApplication(
  t: TestContext,
  format: Format,
  protocol: string,
): Promise<(plans: readonly Plan[]) => Promise<Shown>> {
  const directory = temporaryFolder(t);
  const collector = await collect();
  const application = startProcess(
    process.execPath,
    ['--import', 'activity-audit/register', 'test/fixtures/secrets/exchanges.mjs'],
    {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      env: {
        NODE_ENV: 'test',
        ACTIVITY_AUDIT_DIRECTORY: directory,
        ACTIVITY_AUDIT_FORMAT: format,
        ACTIVITY_AUDIT_MAX_BODY_BYTES: String(MAX_BODY_BYTES),
        ACTIVITY_AUDIT_REDACT_NAMES: OWN_NAMES.join(','),
        ACTIVITY_AUDIT_REDACT_URL_PATHS: OWN_URL_PATHS.join(','),
        OTEL_LOGS_EXPORTER: 'otlp',
        OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
        OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
        OTEL_TRACES_EXPORTER: 'none',
        OTEL_METRICS_EXPORTER: 'none',
      },
    },
  );
  const closed = once(application, 'close');
  t.after(async () => {
    application.kill();
    await closed;
    collector.close();
  });
  let printed = '';
  for (const stream of [application.stdout, application.stderr])
    stream?.setEncoding('utf8').on('data', (text: string) => (printed += text));
  await once(application, 'message');

  const places: Readonly<Record<string, () => string>> = {
    'the console': () => printed,
    'api.log': () => textOf(path.join(directory, 'api.log')),
    'app.log': () => textOf(path.join(directory, 'app.log')),
    'audit.log': () => textOf(path.join(directory, 'audit.log')),
    OTLP: () => Buffer.concat(collector.received('/v1/logs')).toString(),
  };
  const seen: Record<string, number> = {};
  let batch = 0;
  return async (plans) => {
    // One that has ended can't show which exchange it was.
    fc.pre(application.exitCode === null && application.signalCode === null);
    batch += 1;
    const end = `batch ${batch} has ended`;
    application.send({ batch, exchanges: plans });
    await Promise.race([once(application, 'message'), closed]);
    // What it printed last may still be in the pipe.
    while (!printed.includes(end, seen['the console'])) {
      assert.deepEqual([application.exitCode, application.signalCode], [null, null], printed.slice(-5000));
      await new Promise(setImmediate);
    }
    const shown = Object.entries(places).map(([place, read]) => [place, read()] as const);
    const fresh = shown.map(([place, text]) => [place, text.slice(seen[place])] as const);
    for (const [place, text] of shown) seen[place] = text.length;
    return Object.fromEntries(fresh);
  };
}

function textOf(file: string): string {
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}
