import assert from 'node:assert/strict';
import path from 'node:path';
import { type TestContext, describe, it } from 'node:test';

import { applicationFolder } from '../support/application-folder.ts';
import { nodeBinary } from '../support/install.ts';
import { type Ended, readRecords, runProcess } from '../support/run.ts';

/** An application of its own, with a database that is empty. */
function project(t: TestContext, tool: Readonly<Record<string, string>>): Promise<string> {
  return applicationFolder(t, 'test/fixtures/migrations', tool);
}

const REGISTER = '--import activity-audit/register';

/** What was done, in short, and in which migration. */
function told(folder: string): unknown[] {
  return readRecords(path.join(folder, 'audit_logs'), 'audit')
    .filter(({ event_type: type }) => type !== 'READ')
    .map(({ event_type: type, model, extra, actor_id: actor }) => {
      const { migration } = extra as { migration?: string };
      return [type, model, migration, actor].join(' ');
    });
}

const forget = ({ code, stdout }: Ended): unknown => ({ code, stdout: stdout.replaceAll(/\(\d+\.\d+s\)/g, '') });

describe('sequelize-cli', () => {
  const CLI = { 'sequelize-cli': '6.6.5' };

  const quiet = { ACTIVITY_AUDIT_CONSOLE: 'false' };

  it('has the rows of migrations and seeds recorded, with the name of the file', async (t) => {
    const folder = await project(t, CLI);
    for (const command of ['db:migrate', 'db:seed:all', 'db:migrate:undo']) {
      const env = { ...quiet, NODE_OPTIONS: REGISTER };
      const { code, stderr } = await runProcess('npx', ['sequelize-cli', command], { cwd: folder, env });
      assert.equal(code, 0, stderr);
    }
    const [first, second, third] = [
      '20260101000000-create-users.cjs',
      '20260102000000-give-roles.cjs',
      '20260103000000-add-cid.cjs',
    ];
    assert.deepEqual(told(folder), [
      `BULK_CREATE Users ${first} system`,
      `CREATE SequelizeMeta ${first} system`,
      `SQL Users ${second} system`,
      `CREATE SequelizeMeta ${second} system`,
      `BULK_CREATE Users ${third} system`,
      `CREATE SequelizeMeta ${third} system`,
      'BULK_CREATE Users 20260101000000-more-users.cjs system',
      `BULK_DELETE Users ${third} system`,
      `BULK_DELETE SequelizeMeta ${third} system`,
    ]);
  });

  it('prints and does the same as without us, also where a migration fails', async (t) => {
    const [bare, audited] = [await project(t, CLI), await project(t, CLI)];
    const run = (cwd: string, flags: string[], command: string, env: NodeJS.ProcessEnv): Promise<Ended> => {
      const program = path.join(cwd, '../node_modules/sequelize-cli/lib/sequelize');
      return runProcess(process.execPath, [...flags, program, command], { cwd, env: { ...quiet, ...env } });
    };
    const steps: [command: string, env: NodeJS.ProcessEnv][] = [
      ['db:migrate:status', {}],
      ['db:migrate', { FAILS: '1' }],
      ['db:migrate:status', {}],
      ['db:migrate:undo:all', {}],
    ];
    for (const [command, env] of steps) {
      const without = await run(bare, [], command, env);
      const withUs = await run(audited, REGISTER.split(' '), command, env);
      assert.deepEqual(forget(withUs), forget(without), command);
      assert.equal(withoutWarnings(withUs.stderr), withoutWarnings(without.stderr), command);
    }
  });
});

/** Of Node.js, which loads `sqlite.js` by `require`. */
function withoutWarnings(stderr: string): string {
  return stderr.replaceAll(/^\(.*\n|^Use `node .*\n/gm, '');
}

describe('umzug 3', () => {
  for (const version of ['20.20.2', '24.21.0']) {
    it(`has what a migration does recorded with its name, and nothing else, on Node ${version}`, async (t) => {
      const folder = await project(t, { umzug: '3.8.3' });
      const node = await nodeBinary(version);
      const env = { ACTIVITY_AUDIT_CONSOLE: 'false' };
      const bare = await runProcess(node, ['umzug.mjs'], { cwd: folder, env });
      const audited = await runProcess(node, [...REGISTER.split(' '), 'umzug.mjs'], { cwd: folder, env });
      assert.equal(audited.code, 0, audited.stderr);
      assert.deepEqual(audited, bare);
      assert.deepEqual(told(folder), [
        'BULK_CREATE Users 1-first system',
        'BULK_CREATE Users  system',
        'BULK_CREATE Users 1-first system',
        'CREATE SequelizeMeta 1-first system',
        'SQL Users 2-second system',
        'CREATE SequelizeMeta 2-second system',
        'BULK_CREATE Users  system',
        'BULK_DELETE SequelizeMeta 2-second system',
        'BULK_CREATE Users 1-first system',
        'BULK_DELETE SequelizeMeta 1-first system',
        'BULK_CREATE Users  system',
      ]);
    });
  }
});
