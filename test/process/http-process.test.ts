import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';

import { nodeBinary } from '../support/install.ts';
import { readIncoming, readOutgoing, runProcess } from '../support/run.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const REGISTER = ['--import', 'activity-audit/register'];

for (const version of ['20.20.2', '24.21.0']) {
  describe(`on Node ${version}, a server`, () => {
    const ends: [name: string, target: string, error: RegExp | null][] = [
      ['ends its process once the answer is sent has a success recorded', '/sent', null],
      ['ends its process in the middle of an answer has a failure recorded', '/cut', /process ended/],
    ];
    for (const [name, target, error] of ends) {
      it(`that ${name}`, async (t) => {
        const directory = temporaryFolder(t);
        const env = { ACTIVITY_AUDIT_DIRECTORY: directory, ACTIVITY_AUDIT_CONSOLE: 'false' };
        const args = [...REGISTER, 'test/fixtures/http/exit-when-sent.mjs', target];
        const { code, stderr } = await runProcess(await nodeBinary(version), args, { env });
        assert.deepEqual({ code, stderr }, { code: 0, stderr: '' });
        const records = readIncoming(directory);
        assert.equal(records.length, 1);
        assert.equal(records[0]?.['outcome'], error ? 'failure' : 'success');
        assert.match(String(records[0]?.['error_message']), error ?? /^null$/);
      });
    }

    it('that ends its process while a WebSocket is open has that recorded', async (t) => {
      const directory = temporaryFolder(t);
      const env = { ACTIVITY_AUDIT_DIRECTORY: directory, ACTIVITY_AUDIT_CONSOLE: 'false' };
      const args = [...REGISTER, 'test/fixtures/http/exit-while-upgraded.mjs'];
      const { code, stderr } = await runProcess(await nodeBinary(version), args, { env });
      assert.deepEqual({ code, stderr }, { code: 0, stderr: '' });
      const [record, ...others] = readIncoming(directory);
      assert.deepEqual([record?.['protocol'], record?.['outcome'], others], ['ws', 'failure', []]);
      assert.match(String(record?.['error_message']), /process ended before the connection was closed/);
    });

    it('that dies while a stream of HTTP/2 is served has that recorded', async (t) => {
      const directory = temporaryFolder(t);
      const env = { ACTIVITY_AUDIT_DIRECTORY: directory, ACTIVITY_AUDIT_CONSOLE: 'false' };
      const args = [...REGISTER, 'test/fixtures/http/exit-while-streaming.mjs'];
      const { code, stderr } = await runProcess(await nodeBinary(version), args, { env });
      assert.equal(code, 1);
      assert.match(stderr, /Error: broken/);
      const [record, ...others] = readIncoming(directory);
      assert.deepEqual([record?.['outcome'], record?.['response_size'], others], ['failure', 4, []]);
      assert.match(String(record?.['error_message']), /process ended before the response was sent/);
      const [outgoing] = readOutgoing(directory);
      assert.match(String(outgoing?.['error_message']), /process ended before the response was complete/);
    });

    const spans = ['--import', './test/fixtures/http/obstructed-spans.mjs'];
    const orders: [name: string, args: string[], spans: string[] | undefined][] = [
      ['alone', REGISTER, undefined],
      ['with traces that were loaded before', [...spans, ...REGISTER], ['/before', '/held', '/after']],
      ['with traces that were loaded after', [...REGISTER, ...spans], ['/before', '/held', '/after']],
    ];
    for (const [name, args, ended] of orders) {
      it(`whose records can not be written refuses requests and holds them, ${name}`, async (t) => {
        const directory = temporaryFolder(t);
        const env = { ACTIVITY_AUDIT_DIRECTORY: directory, ACTIVITY_AUDIT_CONSOLE: 'false' };
        const run = [...args, 'test/fixtures/http/obstructed.mjs'];
        const { code, stdout, stderr } = await runProcess(await nodeBinary(version), run, { env });
        assert.deepEqual({ code, stderr }, { code: 0, stderr: '' });
        assert.deepEqual(JSON.parse(stdout), {
          answers: [
            '200 a',
            '503 The audit trail is not available',
            'HTTP/1.1 503 Service Unavailable',
            '200 c',
            'HTTP/1.1 101 Switching Protocols',
            '200 d',
          ],
          asked: ['/after', '/before', '/held', '/held-upgrade'],
          askedBefore: 1,
          ...(ended && { spans: ended }),
        });
        assert.deepEqual(
          readIncoming(directory)
            .filter(({ outcome }) => outcome === 'failure')
            .map((record) => record['error_message']),
          Array(2).fill('The audit trail was not available: EIO'),
        );
      });
    }

    it('that replaced the classes of node:http is recorded', async (t) => {
      const directory = temporaryFolder(t);
      const env = { ACTIVITY_AUDIT_DIRECTORY: directory, ACTIVITY_AUDIT_CONSOLE: 'false' };
      await runProcess(await nodeBinary(version), [...REGISTER, 'test/fixtures/http/replaced.mjs'], { env });
      const [record, ...others] = readIncoming(directory);
      assert.deepEqual([record?.['outcome'], record?.['response_size'], others], ['success', 2, []]);
    });

    for (const frozen of ['requests', 'responses']) {
      it(`that lets nobody extend the prototype of ${frozen} serves on, and the operator is told`, async (t) => {
        const env = { ACTIVITY_AUDIT_DIRECTORY: temporaryFolder(t), ACTIVITY_AUDIT_CONSOLE: 'false' };
        const args = [...REGISTER, 'test/fixtures/http/frozen.mjs', frozen];
        const { code, stdout, stderr } = await runProcess(await nodeBinary(version), args, { env });
        assert.deepEqual({ code, stdout }, { code: 0, stdout: 'okokokfalse' });
        assert.match(stderr, /^activity-audit: watching a request failed: TypeError/);
      });
    }

    it('keeps no request in memory for a connection that waits for the next one', async (t) => {
      const env = { ACTIVITY_AUDIT_DIRECTORY: temporaryFolder(t), ACTIVITY_AUDIT_CONSOLE: 'false' };
      const args = ['--expose-gc', ...REGISTER, 'test/fixtures/http/idle-connections.mjs'];
      const { stdout, stderr } = await runProcess(await nodeBinary(version), args, { env });
      assert.deepEqual({ stdout, stderr }, { stdout: '0\n', stderr: '' });
    });
  });
}

for (const version of ['20.20.2', '24.21.0']) {
  describe(`on Node ${version}, a client`, () => {
    it('whose requests throw while they are made has none recorded, nor kept in memory', async (t) => {
      const directory = temporaryFolder(t);
      const env = { ACTIVITY_AUDIT_DIRECTORY: directory, ACTIVITY_AUDIT_CONSOLE: 'false' };
      const args = ['--expose-gc', ...REGISTER, 'test/fixtures/http/never-made.mjs'];
      const { stdout, stderr } = await runProcess(await nodeBinary(version), args, { env });
      assert.deepEqual({ stdout, stderr }, { stdout: '20 0\n', stderr: '' });
      assert.equal(existsSync(path.join(directory, 'api.log')), false);
    });
  });
}

describe('recording that was switched off and on again', () => {
  it('still tells, when the process ends, of a request from before', async () => {
    const { stdout } = await runProcess(await nodeBinary('24.21.0'), ['test/fixtures/http/enabled-again.ts']);
    assert.equal(stdout, 'failure The process ended before the response was sent\n');
  });
});

describe('a body in zstd', () => {
  const shown: [version: string, shown: string][] = [
    ['20.20.2', 'Binary content'],
    ['24.21.0', 'packed'],
  ];
  for (const [version, expected] of shown) {
    it(`is ${JSON.stringify(expected)} on Node ${version}`, async (t) => {
      const directory = temporaryFolder(t);
      const env = { ACTIVITY_AUDIT_DIRECTORY: directory, ACTIVITY_AUDIT_CONSOLE: 'false' };
      await runProcess(await nodeBinary(version), [...REGISTER, 'test/fixtures/http/zstd.mjs'], { env });
      const [record] = readIncoming(directory) as { request_repr?: { body?: unknown } }[];
      assert.equal(record?.request_repr?.body, expected);
    });
  }
});
