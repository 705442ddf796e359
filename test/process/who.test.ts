import assert from 'node:assert/strict';
import path from 'node:path';
import { describe, it } from 'node:test';

import { applicationFolder } from '../support/application-folder.ts';
import { nodeBinary } from '../support/install.ts';
import { readRecords, runProcess } from '../support/run.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const REGISTER = ['--import', 'activity-audit/register'];

for (const version of ['20.20.2', '24.21.0']) {
  describe(`in a process on Node ${version}`, () => {
    for (const [name, flags] of [
      ['without register', []],
      ['under register', REGISTER],
    ] as const) {
      it(`setActor speaks for one job alone, ${name}`, async (t) => {
        const env = { ACTIVITY_AUDIT_DIRECTORY: temporaryFolder(t) };
        const node = await nodeBinary(version);
        const { stdout } = await runProcess(node, [...flags, 'test/fixtures/who/jobs.mjs'], { env });
        assert.equal(stdout, 'ann bob system\n');
      });
    }

    it('jobs of croner are told of in the name that each was given', async (t) => {
      const folder = await applicationFolder(t, 'test/fixtures/cron', { croner: '11.0.1' });
      const env = { ACTIVITY_AUDIT_CONSOLE: 'false' };
      const node = await nodeBinary(version);
      const { code, stderr } = await runProcess(node, [...REGISTER, 'application.mjs'], { cwd: folder, env });
      assert.deepEqual({ code, stderr }, { code: 0, stderr: '' });
      const created = readRecords(path.join(folder, 'audit_logs'), 'audit').map(
        ({ event_type, instance_repr, actor_type, actor_id, request_id }) => {
          const { name } = instance_repr as { name: string };
          return [event_type, name, actor_type, actor_id, request_id].join(' ');
        },
      );
      assert.deepEqual(created.toSorted(), ['CREATE export service export ', 'CREATE import service import r-1']);
    });

    for (const [name, args, env] of [
      ['of its main thread', ['application.mjs'], {}],
      ['of a worker thread', ['worker.mjs'], {}],
      ['that has Sequelize recorded by hand', ['application.mjs', '--by-hand'], { ACTIVITY_AUDIT_SEQUELIZE: 'false' }],
    ] as const) {
      it(`an application ${name} tells register what it does, with its actor, in its transactions`, async (t) => {
        const directory = temporaryFolder(t);
        const [file, ...rest] = args;
        const { code, stderr } = await runProcess(
          await nodeBinary(version),
          [...REGISTER, `test/fixtures/who/${file}`, ...rest],
          {
            env: {
              ACTIVITY_AUDIT_DIRECTORY: directory,
              ACTIVITY_AUDIT_CONSOLE: 'false',
              ACTIVITY_AUDIT_REDACT_NAMES: 'iban',
              ...env,
            },
          },
        );
        assert.deepEqual({ code, stderr }, { code: 0, stderr: '' });
        const records = readRecords(directory, 'audit');
        const on_behalf_of = { id: '7', type: 'user', user_info: { email: 'ann@example.com' } };
        assert.deepEqual(
          records.map(({ event_type, instance_id, extra, actor_id, actor_type }) => [
            [event_type, instance_id, 'by', actor_type, actor_id].join(' '),
            extra,
          ]),
          [
            ['OPEN_BOOKS  by service month-end', { iban: '[REDACTED]', on_behalf_of }],
            ['NUMBER 1 by service month-end', { on_behalf_of }],
            ['CREATE 1 by service month-end', { on_behalf_of }],
          ],
        );
        const [, numbered, created] = records;
        assert.equal(typeof created?.['transaction_id'], 'string');
        assert.equal(numbered?.['transaction_id'], created?.['transaction_id']);
      });
    }
  });
}
