import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { type TestContext, describe, it } from 'node:test';

import { applicationFolder } from '../support/application-folder.ts';
import { startRedis } from '../support/redis.ts';
import { readRecords, runProcess, startProcess } from '../support/run.ts';

const EXAMPLE = 'examples/bullmq';

/** The example as somebody has it who installed it elsewhere. */
function copied(t: TestContext): Promise<string> {
  const manifest = readFileSync(path.join(EXAMPLE, 'package.json'), 'utf8');
  const { dependencies } = JSON.parse(manifest) as { dependencies: Record<string, string> };
  return applicationFolder(t, EXAMPLE, dependencies);
}

/** Starts a program, and waits for the lines that it prints. */
class Program {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  constructor(t: TestContext, file: string, options: { cwd: string; env: NodeJS.ProcessEnv }) {
    const flags = ['--import', 'activity-audit/register'];
    const stdio = ['ignore', 'pipe', 'inherit'] as const;
    this.#child = startProcess(process.execPath, [...flags, file], { ...options, stdio: [...stdio] });
    this.#lines = createInterface({ input: this.#child.stdout! })[Symbol.asyncIterator]();
    t.after(() => this.#child.kill('SIGKILL'));
  }

  async line(): Promise<string> {
    const { value, done } = await this.#lines.next();
    if (done) throw new Error('The program has ended');
    return value;
  }
}

describe('the example of a queue', () => {
  it('has what a worker does recorded in the name of who ordered it, and in that request', async (t) => {
    const redis = await startRedis();
    t.after(() => redis.stop());
    const cwd = await copied(t);
    const env = { REDIS_URL: redis.url, ACTIVITY_AUDIT_CONSOLE: 'false', PORT: '0' };
    const worker = new Program(t, 'worker.js', { cwd, env });
    const api = new Program(t, 'api.js', { cwd, env });
    const url = await api.line();

    const order = (user: string): Promise<Response> =>
      fetch(`${url}/reports/sales`, {
        method: 'POST',
        headers: { authorization: `Bearer ${user}`, 'x-request-id': `order-of-${user}` },
      });
    const orders = await Promise.all(['ada', 'bob'].map(order));
    assert.deepEqual(
      orders.map(({ status }) => status),
      [202, 202],
    );
    await worker.line();
    await worker.line();
    await startNightly(cwd, env);
    await worker.line();

    const records = readRecords(path.join(cwd, 'audit_logs'), 'audit');
    const told = records
      .filter(({ model, event_type: type }) => model === 'Report' && type !== 'READ')
      .map(({ event_type, actor_id, actor_type, user_info, request_id }) => {
        const { email } = user_info as { email?: string };
        return [event_type, actor_type, actor_id, email, request_id].join(' ');
      });
    assert.deepEqual(told.toSorted(), [
      'CREATE service nightly  ',
      'CREATE user 7 ada@example.com order-of-ada',
      'CREATE user 8 bob@example.com order-of-bob',
      'EXPORT service nightly  ',
      'EXPORT user 7 ada@example.com order-of-ada',
      'EXPORT user 8 bob@example.com order-of-bob',
    ]);
  });
});

/** Without waiting for the night. */
async function startNightly(cwd: string, env: NodeJS.ProcessEnv): Promise<void> {
  const program = `
    import { Queue } from 'bullmq';
    import { REPORTS, connection } from './queue.js';
    const reports = new Queue(REPORTS, { connection });
    const [nightly] = await reports.getDelayed();
    await nightly.promote();
    await reports.close();
  `;
  const { code, stderr } = await runProcess(process.execPath, ['--input-type=module', '--eval', program], { cwd, env });
  assert.equal(code, 0, stderr);
}
