import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, describe, it } from 'node:test';

import { AppendFile } from '../../src/export/append-file.ts';
import { temporaryDisk } from '../support/temporary-disk.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

describe('AppendFile', () => {
  it('makes the file and its folders, for nobody else to read', (t) => {
    const file = fileIn(t, 'a/b/x.log');
    assert.equal(file.append(Buffer.from('1\n')), undefined);
    assert.equal(readFileSync(file.path, 'utf8'), '1\n');
    assert.equal(statSync(file.path).mode & 0o777, 0o600);
    assert.equal(statSync(path.dirname(file.path)).mode & 0o777, 0o700);
  });

  it('adds to a file that is there', (t) => {
    const file = fileIn(t, 'x.log');
    writeFileSync(file.path, 'old\n');
    file.append(Buffer.from('new\n'));
    assert.equal(readFileSync(file.path, 'utf8'), 'old\nnew\n');
  });

  it('begins a new line where the file ends in the middle of one', (t) => {
    const file = fileIn(t, 'x.log');
    writeFileSync(file.path, 'old\n{"torn":');
    file.append(Buffer.from('new\n'));
    assert.equal(readFileSync(file.path, 'utf8'), 'old\n{"torn":\nnew\n');
  });

  for (const [how, remove] of Object.entries({
    'the file was removed': (file: string) => rmSync(file),
    'the folder was removed': (file: string) => rmSync(path.dirname(file), { recursive: true }),
    'the file was renamed': (file: string) => renameSync(file, `${file}.1`),
    'the file was replaced': (file: string) => {
      rmSync(file);
      writeFileSync(file, '');
    },
  })) {
    it(`makes the file anew within a second after ${how}`, (t) => {
      let now = 0;
      const file = fileIn(t, 'logs/x.log', () => now);
      file.append(Buffer.from('before\n'));
      remove(file.path);
      now += 1000;
      assert.equal(file.append(Buffer.from('after\n')), undefined);
      assert.equal(readFileSync(file.path, 'utf8'), 'after\n');
    });
  }

  it('tells what could not be written, and writes again when it can', (t) => {
    const file = fileIn(t, 'x.log');
    symlinkSync('/dev/full', file.path);
    const failure = file.append(Buffer.from('1\n2\n'));
    assert.match(String(failure?.error), /ENOSPC/);
    assert.equal(failure?.lines, 0);
    rmSync(file.path);
    assert.equal(file.append(Buffer.from('1\n2\n')), undefined);
    assert.equal(readFileSync(file.path, 'utf8'), '1\n2\n');
  });

  it('tells how many lines a full disk took whole, and keeps nothing of the next', (t) => {
    const disk = temporaryDisk(t, 64 * 1024);
    if (!disk) return;
    const { folder, remount } = disk;
    const file = new AppendFile({ path: path.join(folder, 'x.log') });
    const line = `${'x'.repeat(999)}\n`;
    const failure = file.append(Buffer.from(line.repeat(100)));
    assert.match(String(failure?.error), /ENOSPC/);
    const written = readFileSync(file.path, 'utf8');
    assert.ok(written.includes('\n'));
    assert.equal(failure?.lines, written.split('\n').length - 1);
    assert.equal(written.at(-1), '\n');

    remount('size=1m');
    assert.equal(file.append(Buffer.from('next\n')), undefined);
    assert.equal(readFileSync(file.path, 'utf8'), `${written}next\n`);
  });

  it('tears no line where two processes append at once', async (t) => {
    const folder = temporaryFolder(t);
    const fixture = path.join(import.meta.dirname, '../fixtures/export/append-lines.ts');
    const writers = ['a', 'b'].map((writer) =>
      spawn(process.execPath, [fixture, folder, writer], { stdio: 'inherit' }),
    );
    const codes = await Promise.all(writers.map(async (writer) => (await once(writer, 'exit')) as unknown[]));
    assert.deepEqual(codes, [
      [0, null],
      [0, null],
    ]);
    const lines = readFileSync(path.join(folder, 'shared.log'), 'utf8').trimEnd().split('\n');
    const parsed = lines.map((line) => JSON.parse(line) as { writer: string; index: number });
    for (const writer of ['a', 'b']) {
      const indexes = parsed.filter((line) => line.writer === writer).map(({ index }) => index);
      assert.deepEqual(
        indexes,
        Array.from({ length: 20_000 }, (_, index) => index),
      );
    }
  });
});

function fileIn(t: TestContext, name: string, now?: () => number): AppendFile {
  const file = new AppendFile({ path: path.join(temporaryFolder(t), name), now });
  t.after(() => file.close());
  return file;
}
