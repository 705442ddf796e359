import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';

import { exchanges } from '../fixtures/http/http2-exchanges.mjs';
import { nodeBinary } from '../support/install.ts';
import { readIncoming, runProcess } from '../support/run.ts';

/** What the client and the application saw, one line each. */
type Seen = Record<string, { readonly client: readonly string[]; readonly application: readonly string[] }>;

interface RequestRecord {
  readonly request_repr: { readonly headers: Record<string, string> };
  readonly response_repr: { readonly status_code?: number };
  readonly request_size: number;
  readonly response_size: number;
}

for (const version of ['20.20.2', '22.23.3', '24.21.0']) {
  describe(`on Node ${version}, an exchange over HTTP/2 is the same with us and without, and recorded once:`, () => {
    let directory: string;
    let [alone, audited]: [Seen, Seen] = [{}, {}];
    let records: RequestRecord[];

    before(async () => {
      directory = await mkdtemp(path.join(os.tmpdir(), 'activity-audit-'));
      const node = await nodeBinary(version);
      [alone, audited] = await Promise.all([
        runAll(node, [], directory),
        runAll(node, ['--import', 'activity-audit/register'], directory),
      ]);
      records = readIncoming(directory) as unknown as RequestRecord[];
    });
    after(() => rm(directory, { recursive: true }));

    for (const [name, { records: expected }] of Object.entries(exchanges)) {
      it(name, () => {
        assert.ok(!alone[name]?.client.includes('hung'));
        assert.deepEqual(audited[name], alone[name]);
        const told = records.filter(({ request_repr }) => request_repr.headers['x-exchange'] === name);
        assert.deepEqual(told.map(numbersOf).toSorted(byText), [...expected].toSorted(byText));
      });
    }
  });
}

async function runAll(node: string, args: readonly string[], directory: string): Promise<Seen> {
  const env = {
    ACTIVITY_AUDIT_DIRECTORY: directory,
    ACTIVITY_AUDIT_CONSOLE: 'false',
  };
  const { code, stdout, stderr } = await runProcess(node, [...args, 'test/fixtures/http/http2-all.mjs'], { env });
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout) as Seen;
}

function numbersOf({ response_repr, request_size, response_size }: RequestRecord): (number | null)[] {
  return [response_repr.status_code ?? null, request_size, response_size];
}

/** Several requests at once may end in any order. */
function byText(one: unknown, other: unknown): number {
  return String(one).localeCompare(String(other));
}
