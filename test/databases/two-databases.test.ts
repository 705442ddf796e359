import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import http from 'node:http';
import path from 'node:path';
import { type TestContext, after, before, describe, it } from 'node:test';

import { type Model, type ModelStatic, type Options, Sequelize, type Transaction } from 'sequelize';

import { sqlite } from '../../examples/sqlite.js';
import { auditSequelize } from '../../src/capture/audit-sequelize.ts';
import { setActor } from '../../src/context/actor.ts';
import type { ModelEvent } from '../../src/event/event.ts';
import { audit, port, start, stop } from '../support/audited-server.ts';
import { startPostgres } from '../support/postgres.ts';
import { sequelize7 } from '../support/sequelize-7.ts';
import { type SequelizeCopy, sequelize6 } from '../support/sequelize-copy.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** One database, with a model that the other one has, too. */
interface Database {
  readonly sequelize: Sequelize;
  readonly User: ModelStatic<Model>;
}

type Handle = (local: Database, remote: Database) => Promise<unknown>;

/** Sequelize 6 has one namespace for all instances: that of the innermost transaction. Sequelize 7 has its own. */
function useNamespace(): void {
  const store = new AsyncLocalStorage<Map<string, unknown>>();
  Sequelize.useCLS({
    bind: <F>(fn: F): F => fn,
    get: (key: string): unknown => store.getStore()?.get(key),
    set: (key: string, value: unknown): unknown => store.getStore()?.set(key, value),
    run: (fn: (context: unknown) => unknown): unknown =>
      store.run(new Map(store.getStore()), () => fn(store.getStore())),
  });
}

const FAIL = new Error('the application changes its mind');

/** Runs `fn` in a transaction, and rolls that back. */
async function undone(sequelize: Sequelize, fn: (transaction: Transaction) => Promise<unknown>): Promise<void> {
  const failing = sequelize.transaction(async (transaction) => {
    await fn(transaction);
    throw FAIL;
  });
  await assert.rejects(failing, FAIL);
}

const create = ({ User }: Database, name: string): Promise<Model> => User.create({ name });

/** @param transaction @default the innermost of the database */
const rename = ({ User }: Database, from: string, to: string, transaction?: Transaction): Promise<unknown> =>
  User.update({ name: to }, { where: { name: from }, ...(transaction && { transaction }) });

const names = async ({ User }: Database): Promise<unknown[]> =>
  (await User.findAll({ order: ['id'] })).map((user) => user.get('name'));
const told = ({ event_type, instance_repr, outcome }: ModelEvent): string =>
  `${event_type} ${String(instance_repr['name'])} ${outcome}`;

async function open(t: TestContext, copy: SequelizeCopy, options: Options): Promise<Database> {
  const sequelize = auditSequelize(copy.create(options), { reads: false, recordRollbacks: true });
  t.after(() => sequelize.close());
  const User = sequelize.define('User', { name: copy.DataTypes.STRING }, { timestamps: false });
  await sequelize.sync({ force: true });
  return { sequelize, User };
}

/** Serves both databases, SQLite as the local one and PostgreSQL as the remote one. */
async function serve(
  t: TestContext,
  copy: SequelizeCopy,
  handle: (request: http.IncomingMessage, local: Database, remote: Database) => Promise<unknown>,
): Promise<readonly [local: Database, remote: Database]> {
  const postgres = await startPostgres();
  t.after(() => postgres.stop());
  const storage = path.join(temporaryFolder(t), 'local.sqlite');
  const local = await open(t, copy, { dialect: 'sqlite', storage, dialectModule: sqlite, logging: false });
  const remote = await open(t, copy, { ...postgres.options });
  const server = http.createServer((request, response) => {
    const id = request.headers['x-user'];
    if (typeof id === 'string') setActor({ id });
    handle(request, local, remote).then(
      () => response.end('done'),
      (error: unknown) => response.writeHead(500).end(String(error)),
    );
  });
  await start(server);
  t.after(stop);
  return [local, remote];
}

async function ask(user: string): Promise<void> {
  const response = await fetch(`http://127.0.0.1:${port}/`, {
    headers: { 'x-user': user, 'x-request-id': `request-of-${user}` },
  });
  assert.equal(await response.text(), 'done');
}

/** The records, and how many transactions they were made in. */
function taken(): { readonly records: readonly string[]; readonly transactions: number } {
  const { models } = audit;
  const transactions = new Set(models.map((record) => record.transaction_id)).size;
  const records = models.map(told);
  audit.clear();
  return { records, transactions };
}

const nothing = (): void => assert.deepEqual(taken().records, []);

/** By what a request does: how its records are, and what the databases hold then. */
const BOTH: Readonly<
  Record<
    string,
    readonly [handle: Handle, records: readonly string[], local: readonly string[], remote: readonly string[]]
  >
> = {
  'the outer one commits, the inner one rolls back': [
    async (local, remote) => {
      await local.sequelize.transaction(async (outer) => {
        await create(local, 'a');
        await undone(remote.sequelize, async () => {
          await create(remote, 'b');
          await rename(local, 'a', 'c', outer);
          await rename(remote, 'b', 'd');
          nothing();
        });
        assert.deepEqual(taken(), { records: ['CREATE b failure', 'BULK_UPDATE d failure'], transactions: 1 });
        await create(local, 'e');
      });
    },
    ['CREATE a success', 'BULK_UPDATE c success', 'CREATE e success'],
    ['c', 'e'],
    [],
  ],
  'the inner one commits, the outer one rolls back': [
    async (local, remote) => {
      await undone(remote.sequelize, async (outer) => {
        await create(remote, 'a');
        await local.sequelize.transaction(async () => {
          await create(local, 'b');
          await rename(remote, 'a', 'c', outer);
          nothing();
        });
        assert.deepEqual(taken(), { records: ['CREATE b success'], transactions: 1 });
      });
    },
    ['CREATE a failure', 'BULK_UPDATE c failure'],
    ['b'],
    [],
  ],
  'one rolls back while the other, which stands beside it, commits': [
    async (local, remote) => {
      await Promise.all([
        undone(local.sequelize, () => create(local, 'a')),
        remote.sequelize.transaction(async () => {
          await create(remote, 'b');
          await rename(remote, 'b', 'c');
        }),
      ]);
      const { records, transactions } = taken();
      assert.equal(transactions, 2);
      assert.deepEqual(records.toSorted(), ['BULK_UPDATE c success', 'CREATE a failure', 'CREATE b success']);
    },
    [],
    [],
    ['c'],
  ],
};

for (const [major, copy] of Object.entries({ 'Sequelize 6': sequelize6, 'Sequelize 7': sequelize7 })) {
  describe(`two databases in one request, ${major}`, () => {
    before(useNamespace);
    after(() => Reflect.deleteProperty(Sequelize, '_cls'));

    for (const [what, [handle, records, inLocal, inRemote]] of Object.entries(BOTH)) {
      it(`have their own transactions: ${what}`, async (t) => {
        const [local, remote] = await serve(t, copy, (_request, ...both) => handle(...both));
        audit.clear();
        await ask('ann');
        await audit.waitFor(({ name }) => name === 'audit.request');
        for (const record of audit.models) {
          assert.deepEqual([record.user_id, record.request_id], ['ann', 'request-of-ann']);
        }
        assert.deepEqual(taken(), { records, transactions: records.length > 0 ? 1 : 0 });
        assert.deepEqual([await names(local), await names(remote)], [inLocal, inRemote]);
      });
    }

    it('keep the users of requests apart that are served at once', async (t) => {
      const [local, remote] = await serve(t, copy, async ({ headers }, ...both) => {
        const user = String(headers['x-user']);
        await Promise.all(both.map((database) => create(database, user)));
        await Promise.all(both.map((database) => rename(database, user, `${user} again`)));
      });
      audit.clear();
      const users = Array.from({ length: 20 }, (_, index) => `user-${index}`);
      await Promise.all(users.map(ask));
      for (const user of users) {
        const own = audit.models.filter(({ user_id: id }) => id === user);
        assert.deepEqual(own.map(told), [
          `CREATE ${user} success`,
          `CREATE ${user} success`,
          `BULK_UPDATE ${user} again success`,
          `BULK_UPDATE ${user} again success`,
        ]);
        for (const record of own) assert.equal(record.request_id, `request-of-${user}`);
      }
      assert.equal(audit.models.length, 80);
      assert.deepEqual([(await names(local)).length, (await names(remote)).length], [20, 20]);
    });
  });
}
