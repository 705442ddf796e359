import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';

import { open } from '../../examples/sqlite.js';
import { send } from '../support/server.ts';
import { startProcess } from '../support/run.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** After how many answers the process is killed: early, and when all is warm. */
const ANSWERS = [1, 25, 400];

describe('a process that is killed while it creates rows', () => {
  for (const answers of ANSWERS) {
    it(`has left the record of every row whose request was answered, and of no other, after ${answers} answers`, async (t) => {
      const directory = temporaryFolder(t);
      const database = path.join(directory, 'orders.sqlite');
      const server = startProcess(
        process.execPath,
        ['--import', 'activity-audit/register', 'test/fixtures/kill/server.mjs', database],
        {
          env: { ACTIVITY_AUDIT_DIRECTORY: directory, ACTIVITY_AUDIT_CONSOLE: 'false' },
        },
      );
      const [port] = (await once(server.stdout!, 'data')) as [Buffer];

      const answered = new Set<string>();
      await Promise.all(
        Array.from({ length: 4 }, (_, client) =>
          createUntilKilled(Number(String(port)), client, (id) => {
            if (answered.add(id).size === answers) server.kill('SIGKILL');
          }),
        ),
      );
      if (server.signalCode === null) await once(server, 'exit');
      assert.equal(server.signalCode, 'SIGKILL');

      const recorded = recordedIds(directory);
      assert.equal(new Set(recorded).size, recorded.length, 'a row is recorded twice');
      assert.deepEqual(
        [...answered].filter((id) => !recorded.includes(id)),
        [],
        'an answered row has no record',
      );
      const rows = new Set(
        open(database, true)
          .all('SELECT id FROM Orders', [])
          .map(({ id }) => String(id)),
      );
      assert.deepEqual(
        recorded.filter((id) => !rows.has(id)),
        [],
        'a record tells of a row that is not there',
      );
    });
  }
});

async function createUntilKilled(port: number, client: number, onAnswer: (id: string) => void): Promise<void> {
  for (let number = client; ; number += 1) {
    try {
      const { body } = await send(port, { method: 'POST', headers: { 'X-Number': String(number) } });
      onAnswer(body.toString());
    } catch {
      return;
    }
  }
}

/** The ids in the whole lines of audit.log; the last one may be torn. */
function recordedIds(directory: string): string[] {
  const lines = readFileSync(path.join(directory, 'audit.log'), 'utf8').split('\n').slice(0, -1);
  const records = lines.map((line) => JSON.parse(line) as Record<string, string>);
  return records.filter(({ event_type }) => event_type === 'CREATE').map(({ instance_id }) => String(instance_id));
}
