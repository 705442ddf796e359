import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { GroupCommit, type GroupCommitOptions } from '../../src/export/group-commit.ts';

describe('GroupCommit', () => {
  it('lets all who have joined share one sync, and waits for it', async () => {
    const disk = new Disk();
    const commit = disk.commit();
    const joined = [commit.join(), commit.join(), commit.join()];
    assert.deepEqual(disk.syncing, []);
    commit.commit();
    commit.commit();
    assert.equal(disk.syncing.length, 1);
    const released = Promise.race(joined).then(() => disk.events.push('released'));
    await nextTurn();
    assert.deepEqual(disk.events, ['flush', 'sync']);
    disk.synced();
    assert.deepEqual(await Promise.all(joined), [true, true, true]);
    await released;
    assert.equal(disk.told.length, 1);
    assert.match(String(disk.told), /^synced in 0\.\d+ s$/);
  });

  it('has those who join during a sync share the next, after what is held was exported', async () => {
    const disk = new Disk();
    const commit = disk.commit();
    const first = commit.join();
    commit.commit();
    const second = [commit.join(), commit.join()];
    commit.commit();
    assert.deepEqual(disk.events, ['flush', 'sync']);
    disk.synced();
    assert.equal(await first, true);
    assert.deepEqual(disk.events, ['flush', 'sync', 'flush', 'sync']);
    disk.synced();
    assert.deepEqual(await Promise.all(second), [true, true]);
    assert.equal(disk.syncing.length, 0);
  });

  it('syncs nothing for nobody', () => {
    const disk = new Disk();
    disk.commit().commit();
    assert.deepEqual(disk.events, []);
  });

  it('says of how many records a sync failed, and goes on', async () => {
    const disk = new Disk();
    const commit = disk.commit();
    const joined = [commit.join(), commit.join()];
    commit.commit();
    disk.synced(new Error('EIO: i/o error, fdatasync'));
    assert.deepEqual(await Promise.all(joined), [false, false]);
    assert.deepEqual(disk.told, ['2 failed: EIO: i/o error, fdatasync']);
    const next = commit.join();
    commit.commit();
    disk.synced();
    assert.equal(await next, true);
  });

  it('takes a sync that throws for one that fails', async () => {
    const disk = new Disk();
    const commit = disk.commit({
      sync: () => {
        throw new Error('EBADF');
      },
    });
    const joined = commit.join();
    commit.commit();
    assert.equal(await joined, false);
    assert.deepEqual(disk.told, ['1 failed: EBADF']);
  });

  it('lets nobody wait longer than he may, also behind a sync that never ends, and says that it is slow', async () => {
    const disk = new Disk();
    const commit = disk.commit({ maxWaitMs: 30, slowMs: 10 });
    const first = commit.join();
    commit.commit();
    const second = commit.join();
    assert.deepEqual(await Promise.all([first, second]), [false, false]);
    assert.deepEqual(disk.told, ['slow: a sync takes longer than 10 ms']);
    disk.synced();
    disk.synced();
  });
});

function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

/** A disk whose syncs end when the test says so. */
class Disk {
  readonly events: string[] = [];
  readonly told: string[] = [];
  readonly syncing: ((error?: Error) => void)[] = [];

  commit(options: Partial<GroupCommitOptions> = {}): GroupCommit {
    return new GroupCommit({
      sync: (synced) => {
        this.events.push('sync');
        this.syncing.push(synced);
      },
      flush: () => this.events.push('flush'),
      maxWaitMs: 10_000,
      slowMs: 10_000,
      failed: (reason, members) => this.told.push(`${members} failed: ${reason}`),
      slow: (reason) => this.told.push(`slow: ${reason}`),
      synced: (seconds) => this.told.push(`synced in ${seconds.toFixed(6)} s`),
      ...options,
    });
  }

  synced(error?: Error): void {
    this.syncing.shift()?.(error);
  }
}
