import assert from 'node:assert/strict';
import { appendFileSync, existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';

import { compressFile } from '../../src/export/compress-file.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

describe('compressing a file', () => {
  it('keeps one that is written to meanwhile, and does it again the next time', async (t) => {
    const file = path.join(temporaryFolder(t), 'x.log');
    const line = `${'x'.repeat(100)}\n`;
    let text = line.repeat(20_000);
    writeFileSync(file, text);
    const done = compressFile(file, 'gzip').then(() => true);
    do {
      appendFileSync(file, line);
      text += line;
    } while (!(await Promise.race([done, setImmediate(false)])));
    assert.equal(readFileSync(file, 'utf8'), text);

    await compressFile(file, 'gzip');
    assert.ok(!existsSync(file));
    assert.equal(gunzipSync(readFileSync(`${file}.gz`)).toString(), text);
  });

  it('is done by one of those who try at once', async (t) => {
    const folder = temporaryFolder(t);
    const file = path.join(folder, 'x.log');
    writeFileSync(file, 'x\n');
    await Promise.all([compressFile(file, 'gzip'), compressFile(file, 'gzip'), compressFile(file, 'gzip')]);
    assert.deepEqual(readdirSync(folder), ['x.log.gz']);
  });

  it('leaves nothing behind when it fails', async (t) => {
    const folder = temporaryFolder(t);
    await assert.rejects(compressFile(path.join(folder, 'x.log'), 'gzip'), /ENOENT/);
    assert.deepEqual(readdirSync(folder), []);
  });
});
