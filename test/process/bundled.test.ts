import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';

import { build } from 'esbuild';

import { nodeBinary } from '../support/install.ts';
import { readRecords, runProcess } from '../support/run.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

describe('an application that is bundled together with Sequelize', () => {
  for (const external of [['activity-audit'], []]) {
    it(`is recorded through auditSequelize, with us ${external.length > 0 ? 'beside' : 'in'} its bundle`, async (t) => {
      const folder = temporaryFolder(t);
      mkdirSync(path.join(folder, 'node_modules'));
      symlinkSync(process.cwd(), path.join(folder, 'node_modules/activity-audit'));
      await build({
        entryPoints: ['test/fixtures/bundled/application.mjs'],
        outfile: path.join(folder, 'bundle.mjs'),
        bundle: true,
        platform: 'node',
        format: 'esm',
        external: [...external, 'pg-hstore'],
        banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
        logLevel: 'error',
      });
      const { code, stdout, stderr } = await runProcess(
        await nodeBinary('20.20.2'),
        ['--import', 'activity-audit/register', 'bundle.mjs', path.resolve('examples/sqlite.js')],
        { cwd: folder, env: { ACTIVITY_AUDIT_CONSOLE: 'false' } },
      );
      assert.deepEqual({ code, stdout, stderr }, { code: 0, stdout: '', stderr: '' });
      const messages = readRecords(path.join(folder, 'audit_logs'), 'audit').map((record) => record['message']);
      assert.deepEqual(messages, ['CREATE event for Note (id: 1)']);
    });
  }
});
