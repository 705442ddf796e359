import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type TestContext, describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';

import { installed, nodeBinary } from '../support/install.ts';
import { readOutgoing, runProcess } from '../support/run.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** The first of undici 6 kept headers in a text, 6.11.0 had no method that adds one. */
const LIBRARIES = {
  'undici6-first': 'npm:undici@6.0.0',
  'undici6-bare': 'npm:undici@6.11.0',
  undici6: 'npm:undici@6.29.1',
  undici7: 'npm:undici@7.30.2',
  undici8: 'npm:undici@8.12.4',
};

/** What undici 8 needs, Node 20 doesn't have. */
const libraries = {
  '20.20.2': Object.keys(LIBRARIES).filter((name) => name !== 'undici8'),
  '24.21.0': Object.keys(LIBRARIES),
};

/** The clients that send an id of the application's own. */
const OWN = /own$|in a list$|set later$/;

interface Told {
  /** That the peer got, by client. */
  readonly ids: Record<string, string[]>;
  /** That the records show. */
  readonly shown: Record<string, string[]>;
}

async function run(t: TestContext, version: keyof typeof libraries, forwardRequestId?: string): Promise<Told> {
  const directory = temporaryFolder(t);
  const importer = path.join(await installed(LIBRARIES), 'import.mjs');
  await writeFile(importer, 'export default (name) => import(name);\n');
  const env = {
    ACTIVITY_AUDIT_DIRECTORY: directory,
    ACTIVITY_AUDIT_CONSOLE: 'false',
    ...(forwardRequestId && { ACTIVITY_AUDIT_FORWARD_REQUEST_ID: forwardRequestId }),
  };
  const program = ['--import', 'activity-audit/register', 'test/fixtures/http/forwarded-id.mjs'];
  const args = [...program, pathToFileURL(importer).href, ...libraries[version]];
  const { code, stdout, stderr } = await runProcess(await nodeBinary(version), args, { env });
  assert.deepEqual({ code, stderr }, { code: 0, stderr: '' });
  const shown = readOutgoing(directory).map((record) => {
    const { endpoint, headers } = record['request_repr'] as { endpoint: string; headers: Record<string, string> };
    const sent = Object.entries(headers).flatMap(([name, value]) => (/^x-request-id$/i.test(name) ? value : []));
    return [decodeURIComponent(new URL(endpoint).pathname.slice(1)), sent] as const;
  });
  return { ids: JSON.parse(stdout) as Told['ids'], shown: Object.fromEntries(shown) };
}

for (const version of ['20.20.2', '24.21.0'] as const) {
  describe(`on Node ${version}, the id of the request that is being served`, () => {
    it('is sent on by every client that has none of its own, and shown as it was sent', async (t) => {
      const { ids, shown } = await run(t, version, 'true');
      for (const [client, sent] of Object.entries(ids)) {
        const expected = OWN.test(client) ? ['own'] : /outside/.test(client) ? [] : ['id-1'];
        assert.deepEqual(sent, expected, client);
        assert.deepEqual(shown[client], expected, `the record of ${client}`);
      }
      assert.equal(Object.keys(ids).length, 21 + 4 * libraries[version].length);
    });

    it('is sent to nobody by default', async (t) => {
      const { ids } = await run(t, version);
      for (const [client, sent] of Object.entries(ids)) assert.deepEqual(sent, OWN.test(client) ? ['own'] : [], client);
    });
  });
}
