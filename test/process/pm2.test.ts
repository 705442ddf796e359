import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { it } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';

import { installed } from '../support/install.ts';
import { readRotated } from '../support/rotated-files.ts';
import { runProcess } from '../support/run.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const PROCESSES = 3;
/** Each is recorded as one that goes out, and one that comes in. */
const RECORDS = PROCESSES * 200 * 2;

it('the processes of PM2 share the files of a folder, and lose and double no record, also when it stops them', async (t) => {
  const pm2 = path.join(await installed({ pm2: '6.0.13' }), 'node_modules/pm2/bin/pm2');
  const directory = temporaryFolder(t);
  const env = {
    PM2_HOME: temporaryFolder(t),
    ACTIVITY_AUDIT_DIRECTORY: directory,
    ACTIVITY_AUDIT_CONSOLE: 'false',
    ACTIVITY_AUDIT_ROTATION: '20kb',
    ACTIVITY_AUDIT_PROCESS_FIELDS: 'true',
  };
  const command = (...args: string[]) => runProcess(process.execPath, [pm2, '--silent', ...args], { env });
  const done = temporaryFolder(t);
  const application = 'test/fixtures/register/asks-itself.mjs';
  const args = [
    'start',
    application,
    '-i',
    String(PROCESSES),
    '--node-args',
    '--import activity-audit/register',
    '--',
    done,
  ];
  try {
    assert.equal((await command(...args)).code, 0);
    const deadline = Date.now() + 20_000;
    while (readdirSync(done).length < PROCESSES && Date.now() < deadline) await pause(100);
    await command('stop', 'all');
  } finally {
    // While its folder is there.
    await command('kill');
  }
  const records = readRotated(directory, 'api') as { record_id: string; pid: number }[];
  assert.equal(records.length, RECORDS);
  assert.equal(new Set(records.map((record) => record.record_id)).size, RECORDS);
  assert.equal(new Set(records.map(({ pid }) => pid)).size, PROCESSES);
  assert.ok(readdirSync(directory).length > 10);
});
