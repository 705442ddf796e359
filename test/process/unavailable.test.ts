import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type TestContext, describe, it } from 'node:test';

import type { AuditHealth } from '../../src/export/export-health.ts';
import { NODE_VERSIONS, nodeBinary } from '../support/install.ts';
import { ended, readIncoming, readRecords, startProcess } from '../support/run.ts';
import { type SmallDisk, smallDisk } from '../support/small-disk.ts';

/** An application on a disk of its own. */
interface Running {
  readonly disk: SmallDisk;
  /** Asks it for something, and returns the status and the text of the answer. */
  readonly ask: (target: string) => Promise<string>;
  /** Resolves when the streams fare so. */
  readonly becomes: (status: AuditHealth['status']) => Promise<AuditHealth>;
  /** Ends it, and returns what it wrote to stderr. */
  readonly end: () => Promise<string>;
}

for (const version of NODE_VERSIONS) {
  describe(`an application whose disk is full, on Node ${version}`, () => {
    it('serves on, if it is to, and all is written when there is room again', async (t) => {
      const running = await start(t, version, 'open');
      if (!running) return;
      const { disk, ask, becomes, end } = running;
      assert.equal(await ask('/1'), '200 created');
      disk.fill();
      for (let number = 2; number <= 60; number += 1) assert.equal(await ask(`/${number}`), '200 created');
      const { audit } = await becomes('unavailable');
      assert.match(audit.reason ?? '', /^ENOSPC: no space left on device/);
      assert.ok(audit.queuedRecords > 20 && audit.lost === 0);
      disk.free();
      await becomes('ok');
      assert.equal(await ask('/61'), '200 created');
      const stderr = await end();
      assert.match(stderr, /audit records can't be written, and wait in memory: ENOSPC/);
      assert.match(stderr, /audit records are written again, after \d+\.\d s; 0 were lost/);
      assert.deepEqual(createdIn(disk), numbers(61));
      assert.deepEqual(servedIn(disk), numbers(61));
    });

    it('changes nothing, if it is closed, and says so', async (t) => {
      const running = await start(t, version, 'audit: closed');
      if (!running) return;
      const { disk, ask, becomes, end } = running;
      await fillUntilUnavailable({ disk, ask, becomes });
      const before = await ask('/count');
      assert.equal(await ask('/1001'), '500 AuditUnavailableError AUDIT_UNAVAILABLE');
      assert.equal(await ask('/count'), before);
      disk.free();
      await becomes('ok');
      assert.equal(await ask('/1002'), '200 created');
      await end();
      const created = createdIn(disk);
      assert.deepEqual(created, [...numbers(created.length - 1), 1002]);
      assert.equal(before, `200 ${created.length - 1}`);
    });

    it('serves nothing, if requests are closed, but what is not recorded', async (t) => {
      const running = await start(t, version, 'api: closed');
      if (!running) return;
      const { disk, ask, becomes, end } = running;
      await fillUntilUnavailable({ disk, ask, becomes });
      assert.match(await ask('/1001'), /^503 /);
      disk.free();
      await becomes('ok');
      assert.equal(await ask('/1002'), '200 created');
      await end();
      assert.ok(!createdIn(disk).includes(1001));
      const refused = readIncoming(disk.folder).filter(({ outcome }) => outcome === 'failure');
      assert.equal(refused.length, 1);
    });

    it('has its changes wait, if it is to block, until they are recorded', async (t) => {
      const running = await start(t, version, 'audit: block');
      if (!running) return;
      const { disk, ask, becomes, end } = running;
      disk.fill();
      let last = 0;
      const asked: Promise<string>[] = [];
      // The last block of the file takes some more.
      do asked.push(ask(`/${(last += 1)}`));
      while ((await Promise.race([asked.at(-1), becomes('unavailable').then(() => 'full')])) !== 'full');
      disk.free();
      for (const answer of await Promise.all(asked)) assert.equal(answer, '200 created');
      await end();
      assert.deepEqual(
        createdIn(disk).toSorted((one, other) => one - other),
        numbers(last),
      );
    });
  });
}

async function start(t: TestContext, version: string, whenUnavailable: string): Promise<Running | undefined> {
  const disk = smallDisk(t);
  if (!disk) return undefined;
  const env = {
    ACTIVITY_AUDIT_DIRECTORY: disk.folder,
    ACTIVITY_AUDIT_CONSOLE: 'false',
    ACTIVITY_AUDIT_READS: 'false',
    ACTIVITY_AUDIT_IGNORE_PATHS: '/health',
    ACTIVITY_AUDIT_WHEN_UNAVAILABLE: whenUnavailable,
    ACTIVITY_AUDIT_MAX_BLOCK_MS: '60000',
  };
  const fixture = 'test/fixtures/register/unavailable.mjs';
  const child = startProcess(await nodeBinary(version), ['--import', 'activity-audit/register', fixture], { env });
  t.after(() => child.kill('SIGKILL'));
  const end = ended(child);
  const [port] = (await once(child.stdout!, 'data')) as [string];
  const ask = async (target: string): Promise<string> => {
    const response = await fetch(`http://127.0.0.1:${port.trim()}${target}`);
    return `${response.status} ${await response.text()}`;
  };
  return {
    disk,
    ask,
    async becomes(status) {
      for (;;) {
        const health = JSON.parse((await ask('/health')).slice(4)) as AuditHealth;
        if (health.status === status) return health;
      }
    },
    async end() {
      child.kill('SIGTERM');
      const { code, stderr } = await end;
      assert.equal(code, 0);
      return stderr;
    },
  };
}

/** The last block of each file takes some more. */
async function fillUntilUnavailable({ disk, ask }: Pick<Running, 'disk' | 'ask' | 'becomes'>): Promise<void> {
  disk.fill();
  for (let number = 1; ; number += 1) {
    await ask(`/${number}`);
    const { audit, api } = JSON.parse((await ask('/health')).slice(4)) as AuditHealth;
    if (audit.status !== 'ok' && api.status !== 'ok') return;
  }
}

function numbers(last: number): number[] {
  return Array.from({ length: last }, (_, index) => index + 1);
}

function createdIn({ folder }: SmallDisk): number[] {
  return readRecords(folder, 'audit').map(({ instance_repr: row }) => (row as { readonly number: number }).number);
}

function servedIn({ folder }: SmallDisk): number[] {
  return readIncoming(folder).map(({ request_repr: request }) => Number((request as { path: string }).path.slice(1)));
}
