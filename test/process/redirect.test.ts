import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { before, describe, it } from 'node:test';

import type { LogRecordLike } from '../../src/event/from-log-record.ts';
import { eventOfEcsLine } from '../support/ecs-lines.ts';
import { NODE_VERSIONS, nodeBinary } from '../support/install.ts';
import { recordOfOtlpLine } from '../support/otlp-lines.ts';
import { ended, runProcess, startProcess } from '../support/run.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const FIXTURES = 'test/fixtures/register';

/** The oldest Node that we run on: what works there by hand works on the others. */
let node: string;
before(async () => {
  node = await nodeBinary(NODE_VERSIONS[0]);
});

/** What a line says of its stream, its service and what was done, in each format. */
const READERS: Readonly<Record<string, (line: string) => readonly unknown[]>> = {
  seed: (line) => {
    const { stream, service_name, message } = JSON.parse(line) as Record<string, unknown>;
    return [stream, service_name, message];
  },
  otlp: (line) => {
    const { attributes, resource, body }: LogRecordLike = recordOfOtlpLine(line);
    return [attributes['audit.stream'], resource.attributes['service.name'], body];
  },
  ecs: (line) => {
    eventOfEcsLine(line);
    const fields = JSON.parse(line) as Record<string, unknown>;
    return [fields['audit.stream'], fields['service.name'], fields['message']];
  },
};

describe('under register, with its records redirected to stdout, an application', () => {
  for (const [format, read] of Object.entries(READERS)) {
    it(`has each as a line of the format ${format} there, and no folder`, async (t) => {
      const directory = path.join(temporaryFolder(t), 'logs');
      const { code, stdout, stderr } = await runProcess(
        node,
        ['--import', 'activity-audit/register', path.join(FIXTURES, 'one-request.mjs'), '--log'],
        {
          env: {
            ACTIVITY_AUDIT_DIRECTORY: directory,
            ACTIVITY_AUDIT_REDIRECT: 'stdout',
            ACTIVITY_AUDIT_FORMAT: format,
            ACTIVITY_AUDIT_PEER_NAMES: '127.0.0.1=shop',
            OTEL_RESOURCE_ATTRIBUTES: 'service.name=shop',
          },
        },
      );
      assert.deepEqual({ code, stderr, isMade: existsSync(directory) }, { code: 0, stderr: '', isMade: false });
      const lines = stdout.split('\n');
      assert.equal(lines.pop(), '');
      assert.deepEqual(lines.map((line) => read(line).join(' ')).toSorted(), [
        'api shop Audit External Service',
        'api shop Audit Internal Request',
        'app shop logged',
      ]);
    });
  }

  it('lives on when nobody reads them any more, and its operator is told', async (t) => {
    const child = startProcess(node, ['--import', 'activity-audit/register', path.join(FIXTURES, 'reader-gone.mjs')], {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      env: { ACTIVITY_AUDIT_DIRECTORY: temporaryFolder(t), ACTIVITY_AUDIT_REDIRECT: 'stdout' },
    });
    assert.ok(child.stdout);
    const end = ended(child);
    await once(child.stdout, 'data');
    child.stdout.destroy();
    await once(child.stdout, 'close');
    child.send('nobody reads');
    const { code, stderr } = await end;
    assert.equal(code, 42);
    assert.match(stderr, /activity-audit: \w+ records can't be written, and wait in memory: EPIPE/);
    assert.match(stderr, /\d records could not be exported and are lost/);
  });
});
