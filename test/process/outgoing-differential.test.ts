import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';

import { exchanges } from '../fixtures/http/outgoing-exchanges.mjs';
import { installed, nodeBinary } from '../support/install.ts';
import { deadUrl, peer, servePeer, serveTls } from '../support/peer.ts';
import { readRecords, runProcess } from '../support/run.ts';

const LIBRARIES = {
  axios: '1.21.1',
  got: '14.6.5',
  'node-fetch': '3.3.2',
  ky: '1.9.1',
  superagent: '10.4.2',
  undici6: 'npm:undici@6.29.1',
  undici7: 'npm:undici@7.30.2',
};

/** What the application saw, one line each. */
type Seen = Record<string, readonly string[]>;

interface RequestRecord {
  readonly request_type: string;
  readonly request_repr: { readonly headers: Record<string, string> };
  readonly response_repr: { readonly status_code?: number };
  readonly request_size: number;
  readonly response_size: number;
}

for (const version of ['20.20.2', '24.21.0']) {
  describe(`on Node ${version}, an outgoing exchange is the same with us and without, and recorded once:`, () => {
    let directory: string;
    let server: Awaited<ReturnType<typeof servePeer>>;
    let secure: typeof server;
    let [alone, audited]: [Seen, Seen] = [{}, {}];
    let records: RequestRecord[];

    before(async () => {
      directory = await mkdtemp(path.join(os.tmpdir(), 'activity-audit-'));
      server = await servePeer();
      secure = await serveTls(peer);
      const [node, folder, dead] = await Promise.all([nodeBinary(version), installed(LIBRARIES), deadUrl()]);
      const importer = path.join(folder, 'import.mjs');
      await writeFile(importer, 'export default (name) => import(name);\n');
      const run = (...args: string[]): Promise<Seen> =>
        runAll(node, args, directory, [server.url, dead, secure.url, pathToFileURL(importer).href]);
      alone = await run();
      audited = await run('--import', 'activity-audit/register');
      records = readRecords(directory, 'api') as unknown as RequestRecord[];
    });
    after(async () => {
      await server.close();
      await secure.close();
      await rm(directory, { recursive: true });
    });

    for (const [name, { records: expected }] of Object.entries(exchanges)) {
      it(name, () => {
        assert.ok(!alone[name]?.includes('["hung"]'));
        assert.deepEqual(audited[name], alone[name]);
        const told = records.filter((record) => markOf(record) === name);
        assert.equal(told.length, expected.length);
        for (const [i, [status, requestSize, responseSize]] of expected.entries()) {
          const { response_repr, request_size, response_size } = told[i] as RequestRecord;
          assert.equal(response_repr.status_code ?? null, status);
          if (requestSize !== undefined) assert.equal(request_size, requestSize);
          if (responseSize !== undefined) assert.equal(response_size, responseSize);
        }
      });
    }
  });
}

/** Of which exchange a record tells: libraries write the header in their own ways. */
function markOf({ request_repr }: RequestRecord): string | undefined {
  return Object.entries(request_repr.headers).find(([name]) => name.toLowerCase() === 'x-exchange')?.[1];
}

async function runAll(node: string, args: string[], directory: string, given: string[]): Promise<Seen> {
  const env = { ACTIVITY_AUDIT_DIRECTORY: directory, ACTIVITY_AUDIT_CONSOLE: 'false' };
  const program = [...args, 'test/fixtures/http/outgoing-all.mjs', ...given];
  const { code, stdout, stderr } = await runProcess(node, program, { env });
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout) as Seen;
}
