import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { copyFile, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';

import { VERSION } from '../src/event/version.ts';
import { complaintsOf } from './support/compile.ts';
import { installed, nodeBinary } from './support/install.ts';
import { packed } from './support/package.ts';
import { readIncoming, runProcess } from './support/run.ts';
import { temporaryFolder } from './support/temporary-folder.ts';

const run = promisify(execFile);

interface Manifest {
  readonly version: string;
  readonly dependencies?: Record<string, string>;
  readonly exports: Record<string, unknown>;
}

const manifest = JSON.parse(await readFile('package.json', 'utf8')) as Manifest;

describe('the package', () => {
  it('exports these names and no others', async () => {
    const names = async (entry: string): Promise<string[]> => Object.keys((await import(entry)) as object).toSorted();
    assert.deepEqual(Object.keys(manifest.exports), ['.', './register', './testing', './package.json']);
    assert.deepEqual(await names('activity-audit'), [
      'AuditLogRecordProcessor',
      'AuditUnavailableError',
      'ConsoleLogRecordExporter',
      'FileLogRecordExporter',
      'HTTPClient',
      'OptionError',
      'StdoutLogRecordExporter',
      'audit',
      'auditHealth',
      'auditInstrumentations',
      'auditLogin',
      'auditSequelize',
      'carriedWork',
      'createRedactor',
      'currentActor',
      'getLogger',
      'sequelizeCoverage',
      'setActor',
      'withActor',
      'withPeer',
      'withWork',
    ]);
    assert.deepEqual(await names('activity-audit/testing'), ['observeAudit']);
  });

  it('knows its version', () => assert.equal(VERSION, manifest.version));

  it('depends on nothing at run time: what it uses of OpenTelemetry is in it', () => {
    assert.equal(manifest.dependencies, undefined);
  });

  it('is clean by publint', async () => {
    const { stdout } = await run('npx', ['publint', '--strict', '--pack', 'npm']);
    assert.match(stdout, /All good!/);
  });

  it('has types that resolve, by attw', async () => {
    const tarball = (await packed()).replace('file:', '');
    await assert.doesNotReject(run('npx', ['attw', tarball, '--profile', 'esm-only']));
  });

  it('carries the licenses of what is bundled into it', async () => {
    const notices = await readFile('dist/THIRD-PARTY-NOTICES.txt', 'utf8');
    for (const name of ['@opentelemetry/api', '@opentelemetry/sdk-logs']) {
      assert.match(notices, new RegExp(`^${name} `, 'm'));
    }
  });
});

describe('a fresh install of the tarball', () => {
  it('has no more than our peer and us', async () => {
    const project = await installed({ 'activity-audit': await packed() });
    const { stdout } = await run('npm', ['ls', '--all', '--parseable'], { cwd: project });
    const packages = stdout
      .trim()
      .split('\n')
      .slice(1)
      .map((folder) => folder.split('node_modules/').at(-1));
    assert.deepEqual(new Set(packages), new Set(['@opentelemetry/api', 'activity-audit']));
  });

  for (const version of ['20.20.2', '24.21.0']) {
    it(`records with one flag on Node ${version}`, async (t) => {
      const project = await installed({ 'activity-audit': await packed() });
      const directory = temporaryFolder(t);
      await copyFile('test/fixtures/register/one-request.mjs', path.join(project, 'app.mjs'));
      const { code, stdout, stderr } = await runProcess(
        await nodeBinary(version),
        ['--import', 'activity-audit/register', 'app.mjs'],
        {
          cwd: project,
          env: { ACTIVITY_AUDIT_DIRECTORY: directory },
        },
      );
      assert.deepEqual({ code, stderr }, { code: 0, stderr: '' });
      assert.match(stdout, /GET Audit Internal Request 200/);
      assert.deepEqual(
        readIncoming(directory).map((record) => record['actor_id']),
        ['ann'],
      );
    });

    it(`can be required on Node ${version}, by an application in CommonJS`, async () => {
      const project = await installed({ 'activity-audit': await packed() });
      const { stdout } = await runProcess(
        await nodeBinary(version),
        ['--eval', "console.log(typeof require('activity-audit').setActor)"],
        { cwd: project },
      );
      assert.equal(stdout, 'function\n');
    });
  }

  it('says what to install where OTEL_* ask for an SDK that is not there', async () => {
    const project = await installed({ 'activity-audit': await packed() });
    await writeFile(path.join(project, 'empty.mjs'), '');
    const { code, stderr } = await runProcess(
      await nodeBinary('20.20.2'),
      ['--import', 'activity-audit/register', 'empty.mjs'],
      {
        cwd: project,
        env: { OTEL_TRACES_EXPORTER: 'otlp', ACTIVITY_AUDIT_DIRECTORY: 'logs' },
      },
    );
    assert.equal(code, 1);
    assert.match(stderr, /needs @opentelemetry\/sdk-node: install it with `npm install @opentelemetry\/sdk-node/);
  });

  it('has types that compile without skipLibCheck', async () => {
    const project = await installed({
      'activity-audit': await packed(),
      typescript: '7.0.2',
      '@types/node': '24.19.2',
    });
    await copyFile('test/fixtures/package/consumer.ts', path.join(project, 'consumer.ts'));
    assert.equal(await complaintsOf(project, 'consumer.ts', '--exactOptionalPropertyTypes'), '');
  });
});
