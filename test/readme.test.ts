import assert from 'node:assert/strict';
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, it } from 'node:test';

import { ROOT_CONTEXT } from '@opentelemetry/api';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { LoggerProvider, type ReadableLogRecord } from '@opentelemetry/sdk-logs';

import { emit } from '../src/event/emit.ts';
import type { ModelEvent } from '../src/event/event.ts';
import type { LogRecordLike } from '../src/event/from-log-record.ts';
import { createRedactor } from '../src/event/redact.ts';
import { lineWriter } from '../src/export/format.ts';
import { checkOptions, optionsFromEnvironment } from '../src/options.ts';
import { complaintsOf } from './support/compile.ts';
import { installed, nodeBinary } from './support/install.ts';
import { packed } from './support/package.ts';
import { runProcess } from './support/run.ts';
import { temporaryFolder } from './support/temporary-folder.ts';

const readme = await readFile('README.md', 'utf8');
const redaction = await readFile('docs/redaction.md', 'utf8');

interface Block {
  readonly language: string;
  /** As its first line says, in a comment. */
  readonly file: string;
  readonly text: string;
}

function blocksOf(text: string): Block[] {
  return [...text.matchAll(/^```(\w+)\n(.*?)^```/gms)].map(([, language = '', block = '']) => ({
    language,
    file: /^\/\/ (\S+)\n/.exec(block)?.[1] ?? '',
    text: block,
  }));
}

const blocks = blocksOf(readme);

/** What a person reads who wrote what isn't there: it names all that is. */
function refusal(read: () => unknown): string {
  try {
    read();
  } catch (error) {
    return String(error);
  }
  throw new Error('it was accepted');
}

/** A project with all that the blocks use. Sequelize finds the embedded SQLite under the name of the usual driver. */
async function project(): Promise<string> {
  const folder = await installed({
    '@opentelemetry/api': '1.9.1',
    '@opentelemetry/sdk-node': '0.223.0',
    '@types/node': '24.19.2',
    'activity-audit': await packed(),
    sequelize: '6.37.8',
    typescript: '7.0.2',
  });
  const driver = path.join(folder, 'node_modules/sqlite3');
  await mkdir(driver, { recursive: true });
  await copyFile('examples/sqlite.js', path.join(driver, 'sqlite.mjs'));
  await writeFile(path.join(driver, 'index.js'), "module.exports = require('./sqlite.mjs').sqlite;\n");
  return folder;
}

/** The record of a row's change, in a service `blog`, observed as it happened. */
function recordOf(event: ModelEvent): LogRecordLike {
  const records: ReadableLogRecord[] = [];
  const provider = new LoggerProvider({
    resource: resourceFromAttributes({ 'service.name': 'blog' }),
    processors: [{ onEmit: (record) => records.push(record), forceFlush: async () => {}, shutdown: async () => {} }],
  });
  const time = Date.parse(`${event.timestamp.replace(' ', 'T')}Z`);
  emit(
    event,
    { time, actor: { id: event.user_id, type: 'user', info: {} }, requestId: 'f3b1', context: ROOT_CONTEXT },
    provider,
  );
  const [record] = records;
  assert.ok(record);
  return Object.defineProperty(record, 'hrTimeObserved', { value: record.hrTime });
}

describe('the README', () => {
  for (const { file, text } of blocks.filter(({ language }) => language === 'js')) {
    it(`has a block ${file} that runs`, async (t) => {
      assert.match(file, /^[\w.]+\.mjs$/);
      const folder = await project();
      await writeFile(path.join(folder, file), text);
      const directory = temporaryFolder(t);
      const { code, stderr } = await runProcess(await nodeBinary('24.21.0'), [file], {
        cwd: folder,
        env: { ACTIVITY_AUDIT_DIRECTORY: directory },
      });
      assert.deepEqual({ code, stderr }, { code: 0, stderr: '' });
    });
  }

  it('has a config file that register takes', async (t) => {
    const config = blocks.find(({ file }) => file === 'audit.config.mjs');
    const folder = temporaryFolder(t);
    await writeFile(path.join(folder, 'audit.config.mjs'), config?.text ?? '');
    const loaded = (await import(path.join(folder, 'audit.config.mjs'))) as { default: unknown };
    assert.doesNotThrow(() => checkOptions(loaded.default, 'README.md'));
  });

  const [change, exchange, ...others] = blocks
    .filter(({ language }) => language === 'json')
    .map(({ text }) => JSON.parse(text) as object);

  it('shows lines whose keys are those of real ones', async () => {
    const golden = await readFile('test/export/line.test.ts', 'utf8');
    for (const line of [change, exchange]) {
      for (const key of Object.keys(line ?? {})) assert.ok(golden.includes(`"${key}":`) || golden.includes(key), key);
    }
  });

  it('shows lines of the other formats as they are written', () => {
    const record = recordOf(change as ModelEvent);
    const options = { redactor: createRedactor(), processFields: false, streamField: false };
    const lines = (['otlp', 'ecs'] as const).map((format) => lineWriter(format, options)(record, 'audit'));
    assert.deepEqual(
      others,
      lines.map((line) => JSON.parse(line) as object),
    );
  });

  it('lists every option, and every variable', () => {
    const options =
      refusal(() => checkOptions({ unknown: 1 }, ''))
        .match(/options (.*), got/)?.[1]
        ?.split(', ') ?? [];
    const variables =
      refusal(() => optionsFromEnvironment({ ACTIVITY_AUDIT_UNKNOWN: '1' })).match(/ACTIVITY_AUDIT_\w+/g) ?? [];
    assert.ok(options.length > 9 && variables.length > 11);
    for (const name of [...options, ...variables.filter((variable) => !variable.endsWith('UNKNOWN'))]) {
      assert.match(readme, new RegExp(`\\| \`${name}[\`.]|\`${name}\``), name);
    }
  });

  it('begins with the commands that .ci/run runs', async () => {
    const script = await readFile('.ci/run', 'utf8');
    assert.match(readme, /```sh\nnpm ci && npm run demo\n```/);
    assert.match(readme, /```sh\nnpm test\n```/);
    assert.match(script, /npm ci\nnpm run demo\nnpm test\n$/);
  });
});

describe('the page on redaction', () => {
  it('has a declaration that TypeScript takes, and Sequelize then knows `sensitive` and `audit`', async () => {
    const [declaration] = blocksOf(redaction);
    const folder = await project();
    await writeFile(path.join(folder, 'audited-models.ts'), declaration?.text ?? '');
    const model =
      "import { DataTypes, Sequelize } from 'sequelize';\nimport './audited-models.js';\nnew Sequelize('x').define('A', { b: { type: DataTypes.TEXT, sensitive: true } }, { audit: { reads: false } });\n";
    await writeFile(path.join(folder, 'model.ts'), model);
    assert.equal(await complaintsOf(folder, 'model.ts', '--skipLibCheck'), '');
  });
});
