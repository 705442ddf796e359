import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { installed, nodeBinary } from '../support/install.ts';
import { readRecords, runProcess } from '../support/run.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const FRAMEWORKS = {
  express: '4.22.1',
  express5: 'npm:express@5.3.0',
  fastify: '5.6.2',
  koa: '3.1.1',
  '@nestjs/common': '12.5.1',
  '@nestjs/core': '12.5.1',
  '@nestjs/platform-express': '12.5.1',
  '@nestjs/platform-fastify': '12.5.0',
  'reflect-metadata': '0.2.2',
  rxjs: '7.8.2',
  compression: '1.8.1',
  'express-session': '1.18.2',
  'cookie-session': '2.1.1',
  multer: '2.0.2',
  'http-proxy': '1.18.1',
  helmet: '8.1.0',
  morgan: '1.10.1',
  ws: '8.18.3',
  'body-parser': '2.2.1',
};

interface RequestRecord {
  readonly actor_id: string;
  readonly protocol: string;
  readonly route?: string;
  readonly request_repr: { readonly path: string; readonly body?: unknown };
  readonly response_repr: { readonly status_code?: number; readonly body?: unknown };
  readonly response_size: number;
}

type Answer = readonly [status: number, headers: string, body: string];

describe('Express 4 and 5, Fastify, Koa, NestJS, their middleware, a proxy and WebSockets', () => {
  for (const version of ['20.20.2', '24.21.0']) {
    it(`answer on Node ${version} as without us, each answer is recorded as it was sent`, async (t) => {
      const directory = temporaryFolder(t);
      const folder = await installed(FRAMEWORKS);
      const node = await nodeBinary(version);
      const answers = async (...args: string[]): Promise<Record<string, Answer>> => {
        const { code, stdout, stderr } = await runProcess(
          node,
          ['--no-deprecation', ...args, 'test/fixtures/http/frameworks.mjs', folder, directory],
          { env: { ACTIVITY_AUDIT_DIRECTORY: directory, ACTIVITY_AUDIT_CONSOLE: 'false' } },
        );
        assert.deepEqual({ code, stderr }, { code: 0, stderr: '' });
        return JSON.parse(stdout) as Record<string, Answer>;
      };
      const [alone, audited] = [await answers(), await answers('--import', 'activity-audit/register')];
      assert.deepEqual(audited, alone);

      const records = readRecords(directory, 'api') as unknown as RequestRecord[];
      const recordOf = (name: string): RequestRecord => {
        const told = records.filter(({ request_repr }) => request_repr.path === `/${name}` && !isProxied(request_repr));
        assert.equal(told.length, 1, name);
        return told[0] as RequestRecord;
      };
      for (const [name, [status, , body]] of Object.entries(audited)) {
        const { protocol, response_repr, response_size } = recordOf(name);
        if (status === 101) assert.deepEqual([protocol, response_repr.status_code], ['ws', 101]);
        else assert.deepEqual([response_repr.status_code, response_size], [status, body.length], name);
      }
      for (const name of ['express-json', 'express5-json']) {
        const { actor_id, route, request_repr, response_repr } = recordOf(name);
        assert.deepEqual([actor_id, route, request_repr.body], ['ann', `/${name}`, { a: 1 }]);
        assert.deepEqual(response_repr.body, { got: { a: 1 }, long: 'x'.repeat(3000) });
      }
      assert.equal(recordOf('nest-express-json/7').route, '/nest-express-json/:id');
    });
  }
});

/** The second request of a proxied exchange, which the proxy renamed. */
function isProxied({ path, body }: RequestRecord['request_repr']): boolean {
  return path === '/express-json' && JSON.stringify(body) === '{"b":2}';
}
