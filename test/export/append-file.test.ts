import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, readFileSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, describe, it } from 'node:test';

import { AppendFile } from '../../src/export/append-file.ts';
import { smallDisk } from '../support/small-disk.ts';
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

  it('closes off a line that a crash has torn, so that it is JSON which says so', (t) => {
    const file = fileIn(t, 'x.log');
    writeFileSync(file.path, '{"old":1}\n{"id":7,"name":"Ad');
    file.append(Buffer.from('{"new":1}\n'));
    assert.equal(readFileSync(file.path, 'utf8'), '{"old":1}\n{"id":7,"name":"Ad","torn":true}\n{"new":1}\n');
  });

  it('begins a new line behind what is no JSON', (t) => {
    const file = fileIn(t, 'x.log');
    writeFileSync(file.path, 'some text');
    file.append(Buffer.from('new\n'));
    assert.equal(readFileSync(file.path, 'utf8'), 'some text\nnew\n');
  });

  it('closes off what another process has left, also while the file is open', (t) => {
    let now = 0;
    const file = fileIn(t, 'x.log', () => now);
    file.append(Buffer.from('{"a":1}\n'));
    appendFileSync(file.path, '{"b":');
    now += 1000;
    file.append(Buffer.from('{"c":1}\n'));
    assert.equal(readFileSync(file.path, 'utf8'), '{"a":1}\n{"b":null,"torn":true}\n{"c":1}\n');
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

  it('tells how many lines a full disk took whole, and goes on in the middle of the one that it cut', (t) => {
    const disk = smallDisk(t, '64k');
    if (!disk) return;
    const file = new AppendFile({ path: path.join(disk.folder, 'x.log') });
    t.after(() => file.close());
    const lines = Array.from({ length: 100 }, (_, index) => `{"index":${index},"text":"${'x'.repeat(980)}"}\n`);
    const failure = file.append(Buffer.from(lines.join('')));
    assert.match(String(failure?.error), /ENOSPC/);
    const written = readFileSync(file.path, 'utf8');
    assert.equal(failure?.lines, written.split('\n').length - 1);
    assert.notEqual(written.at(-1), '\n');
    assert.equal(file.isTorn, true);
    assert.match(String(file.append(Buffer.from(lines[failure.lines] ?? ''))?.error), /ENOSPC/);

    disk.remount('1m');
    for (const line of lines.slice(failure.lines)) assert.equal(file.append(Buffer.from(line)), undefined);
    assert.equal(readFileSync(file.path, 'utf8'), lines.join(''));
    assert.equal(file.isTorn, false);
  });

  it('closes off the line that a full disk has cut, where another one follows, here or of another process', (t) => {
    const disk = smallDisk(t, '64k');
    if (!disk) return;
    const [file, other] = [disk, disk].map(({ folder }) => new AppendFile({ path: path.join(folder, 'x.log') })) as [
      AppendFile,
      AppendFile,
    ];
    t.after(() => [file, other].forEach((one) => one.close()));
    const line = (index: number): Buffer => Buffer.from(`{"index":${index},"text":"${'x'.repeat(99_000)}"}\n`);
    assert.ok(file.append(line(1)));
    disk.remount('1m');
    assert.equal(other.append(line(2)), undefined);
    assert.equal(file.append(line(1)), undefined);
    const told = readFileSync(file.path, 'utf8')
      .trimEnd()
      .split('\n')
      .map((text) => JSON.parse(text) as { readonly index: number; readonly torn?: true })
      .map(({ index, torn }) => [index, torn]);
    assert.deepEqual(told, [
      [1, true],
      [2, undefined],
      [1, undefined],
    ]);
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
