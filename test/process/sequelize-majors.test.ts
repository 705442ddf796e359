import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { NODE_VERSIONS, nodeBinary } from '../support/install.ts';
import { readRecords, runProcess } from '../support/run.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

describe('an application of Sequelize 6 and 7, with an OpenTelemetry SDK of its own', () => {
  for (const version of [NODE_VERSIONS[0], NODE_VERSIONS[2]]) {
    it(`is recorded on Node ${version}, each in its own transactions`, async (t) => {
      const directory = temporaryFolder(t);
      const node = await nodeBinary(version);
      const { code, stderr } = await runProcess(node, ['test/fixtures/sdk/sequelize-majors.mjs', directory]);
      assert.equal(code, 0, stderr);
      const records = readRecords(directory, 'audit');
      assert.deepEqual(
        records.map(({ message, transaction_id }) => [message, transaction_id !== undefined]),
        [
          ['CREATE event for Six (id: 1)', false],
          ['CREATE event for Seven (id: 1)', true],
          ['CREATE event for Six (id: 2)', false],
        ],
      );
    });
  }
});
