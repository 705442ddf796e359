import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { NODE_VERSIONS, nodeBinary } from '../support/install.ts';
import { readIncoming, readOutgoing, readRecords, runProcess } from '../support/run.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const REGISTER = ['--import', 'activity-audit/register'];

/** The same application, loaded in each way that applications are loaded. */
const KINDS: readonly [name: string, args: readonly string[], versions?: readonly string[]][] = [
  ['an ES module', [...REGISTER, 'test/fixtures/application/esm.mjs']],
  ['CommonJS', [...REGISTER, 'test/fixtures/application/commonjs.cjs']],
  ['an ES module with Sequelize 7', [...REGISTER, 'test/fixtures/application/sequelize-7.mjs']],
  ['CommonJS with Sequelize 7', [...REGISTER, 'test/fixtures/application/sequelize-7.cjs']],
  ['TypeScript through tsx', [...REGISTER, '--import', 'tsx', 'test/fixtures/application/typescript.ts']],
  [
    'TypeScript through tsx that came first',
    ['--import', 'tsx', ...REGISTER, 'test/fixtures/application/typescript.ts'],
  ],
  ['TypeScript that Node strips', [...REGISTER, 'test/fixtures/application/typescript.ts'], ['24.21.0']],
];

for (const version of NODE_VERSIONS) {
  describe(`on Node ${version}, an application`, { concurrency: 2 }, () => {
    for (const [name, args, versions = NODE_VERSIONS] of KINDS) {
      if (!versions.includes(version)) continue;

      it(`that is ${name} is recorded with one flag`, async (t) => {
        const directory = temporaryFolder(t);
        const node = await nodeBinary(version);
        const env = {
          ACTIVITY_AUDIT_DIRECTORY: directory,
          ACTIVITY_AUDIT_CONSOLE: 'false',
          OTEL_SERVICE_NAME: 'notes',
        };
        const { code, stdout, stderr } = await runProcess(node, args, { env });
        assert.deepEqual({ code, stdout, stderr: withoutWarnings(stderr) }, { code: 0, stdout: '', stderr: '' });
        assertRecorded(directory);
      });
    }
  });
}

function assertRecorded(directory: string): void {
  const requests = readIncoming(directory);
  assert.deepEqual(
    requests.map(({ request_repr, response_repr, actor_id, route }) => [
      (request_repr as { method: string }).method,
      (request_repr as { path: string }).path,
      (response_repr as { status_code: number }).status_code,
      actor_id,
      route,
    ]),
    [
      ['POST', '/notes', 201, 'ann', '/notes'],
      ['PUT', '/notes/1', 200, 'bob', '/notes/:id'],
      ['GET', '/nowhere', 404, 'anonymous', undefined],
    ],
  );
  assert.deepEqual(
    readOutgoing(directory).map(({ request_repr, response_repr, actor_id }) => [
      (request_repr as { method: string }).method,
      new URL((request_repr as { endpoint: string }).endpoint).pathname,
      (response_repr as { status_code: number }).status_code,
      actor_id,
    ]),
    [
      ['POST', '/notes', 201, 'system'],
      ['PUT', '/notes/1', 200, 'system'],
      ['GET', '/nowhere', 404, 'system'],
    ],
  );
  const models = readRecords(directory, 'audit').filter(({ model }) => model === 'Note');
  assert.deepEqual(
    models.map(({ event_type, instance_id, actor_id, request_id, service_name }) => [
      event_type,
      instance_id,
      actor_id,
      requests.findIndex((request) => request['request_id'] === request_id),
      service_name,
    ]),
    [
      ['CREATE', '1', 'ann', 0, 'notes'],
      ['READ', '1', 'bob', 1, 'notes'],
      ['UPDATE', '1', 'bob', 1, 'notes'],
    ],
  );
  const changes = models[2]?.['changes'] as Record<string, unknown>;
  assert.deepEqual(changes['title'], ['first', 'second']);
}

/** What Node itself says of a feature that is not final on that line. */
function withoutWarnings(stderr: string): string {
  return stderr.replaceAll(/^\(node:\d+\) ExperimentalWarning.*\n|^\(Use `node --trace-warnings.*\n/gm, '');
}
