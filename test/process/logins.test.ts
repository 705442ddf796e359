import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';

import { installed, nodeBinary } from '../support/install.ts';
import { readRecords, runProcess } from '../support/run.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const PACKAGES = {
  express: '5.3.0',
  'express-session': '1.18.2',
  'passport-local': '1.0.0',
  'passport-http': '0.3.0',
  'passport-http-bearer': '1.0.1',
};

describe('the logins of Passport and express-session', () => {
  for (const [passport, version] of [
    ['0.7.0', '20.20.2'],
    ['0.7.0', '24.21.0'],
    ['0.5.3', '20.20.2'],
    ['0.4.1', '20.20.2'],
  ] as const) {
    it(`are recorded with Passport ${passport} on Node ${version}, and each request is answered as without us`, async (t) => {
      const folder = await installed({ ...PACKAGES, passport });
      const node = await nodeBinary(version);
      const directory = temporaryFolder(t);
      const env = { ACTIVITY_AUDIT_DIRECTORY: directory, ACTIVITY_AUDIT_CONSOLE: 'false' };
      const answers = async (...args: string[]): Promise<unknown> => {
        const fixture = ['test/fixtures/who/logins.mjs', folder];
        const { code, stdout, stderr } = await runProcess(node, ['--no-deprecation', ...args, ...fixture], { env });
        const lines = stderr.split('\n').filter((line) => !line.includes('MemoryStore') && !isStack(line));
        assert.deepEqual([code, lines.filter(Boolean)], [0, []]);
        return JSON.parse(stdout) as unknown;
      };
      const [alone, audited] = [await answers(), await answers('--import', 'activity-audit/register')];
      assert.deepEqual(audited, alone);

      const logins = readRecords(directory, 'audit');
      assert.deepEqual(logins.map(told), LOGINS);
      const requests = new Set(readRecords(directory, 'api').map((record) => record['request_id']));
      for (const login of logins) assert.ok(requests.has(login['request_id']));
      for (const stream of ['audit', 'api']) {
        const text = readFileSync(path.join(directory, `${stream}.log`), 'utf8');
        assert.doesNotMatch(text, /(?:pw|guess|token)-1815|Basic [A-Za-z\d+/]{16}/, 'no password, no token');
      }
    });
  }
});

const ADA = { email: 'ada@example.com', first_name: 'Ada' };
const NOBODY = ['anonymous', 'failure'] as const;

type Told = readonly [
  event: string,
  user: string,
  info: object,
  error: string | null,
  strategy: string | undefined,
  actor: string,
  outcome: string,
];

const LOGIN: Told = ['login', '7', ADA, null, 'local', '7', 'success'];
const LOGOUT: Told = ['logout', '7', ADA, null, undefined, '7', 'success'];

const LOGINS: readonly Told[] = [
  ['login_failed', 'eve@example.com', {}, 'Nobody has that name', 'local', ...NOBODY],
  ['login_failed', 'ada@example.com', {}, 'The credentials were refused', 'local', ...NOBODY],
  ['login_failed', 'broken', {}, 'The directory is down', 'local', ...NOBODY],
  LOGIN,
  LOGOUT,
  LOGIN,
  LOGIN,
  LOGOUT,
  LOGIN,
  ['login_failed', 'ada@example.com', {}, 'The credentials were refused', 'local', '7', 'failure'],
  LOGOUT,
  ['login_failed', 'ada@example.com', {}, 'Basic realm="Users"', 'basic', ...NOBODY],
  ['login_failed', '', {}, 'Bearer realm="Users", error="invalid_token"', 'bearer', ...NOBODY],
  ['session_regenerated', 'by-hand', {}, null, undefined, 'by-hand', 'success'],
  ['session_destroyed', 'by-hand', {}, null, undefined, 'by-hand', 'success'],
];

function told(record: Readonly<Record<string, unknown>>): Told {
  const { level, name, message, event, user_id: user, user_info: info, error, extra } = record;
  assert.deepEqual([level, name], ['LOGIN', 'audit.login']);
  assert.equal(message, user === '' ? event : `${String(event)} for ${String(user)}`);
  const { strategy, ...client } = extra as { readonly strategy?: string };
  assert.deepEqual(client, { client_address: '127.0.0.1', user_agent: 'logins-test/1' });
  const { success, outcome, actor_id: actor } = record;
  assert.equal(success, outcome === 'success');
  return [event, user, info, error, strategy, actor, outcome] as unknown as Told;
}

function isStack(line: string): boolean {
  return /^Error: The directory is down$|^\s+at /.test(line);
}
