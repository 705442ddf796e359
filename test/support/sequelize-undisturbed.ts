import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { inspect } from 'node:util';

import type { Options, Sequelize } from 'sequelize';

import { auditSequelize } from '../../src/capture/audit-sequelize.ts';
import type { SequelizeCopy } from './sequelize-copy.ts';
import { OPERATIONS, newWorld } from './sequelize-operations.ts';

/** What an application and its database saw of one operation. */
interface Seen {
  readonly statements: readonly string[];
  readonly hooks: readonly string[];
  /** What it resolved to or was rejected with, with all that is in there. */
  readonly end: string;
}

/**
 * Has an application do one of `OPERATIONS`, with us and without, and compares what it and its database saw.
 *
 * @param beforeImages whether rows are selected before they are changed: that alone may be seen
 */
export async function assertUndisturbed(
  operation: string,
  options: Options,
  copy: SequelizeCopy,
  beforeImages = false,
): Promise<void> {
  Error.stackTraceLimit = 100;
  const both: Seen[] = [];
  const audit = (sequelize: Sequelize): Sequelize =>
    auditSequelize(sequelize, { beforeImages: beforeImages && IMAGES });
  for (const prepare of [(sequelize: Sequelize) => sequelize, audit])
    both.push(await seen(operation, options, copy, prepare));
  const [without, withUs] = beforeImages ? both.map((one) => besidesSelecting(one, operation)) : both;
  assert.deepEqual(withUs, without);
}

/** A number that no statement of the application has. */
const IMAGES = 7654;

function besidesSelecting({ statements, hooks, end }: Seen, operation: string): Seen {
  const sent = statements.filter((text) => !text.includes(`LIMIT ${IMAGES}`));
  const run = hooks.filter((hook) => !hook.endsWith('Query'));
  return SENT_AT_ONCE.has(operation)
    ? { statements: sent.toSorted(), hooks: run.toSorted(), end }
    : { statements: sent, hooks: run, end };
}

/** Some of its statements aren't waited for before the next is sent. */
const SENT_AT_ONCE: ReadonlySet<string> = new Set(['a many-to-many association']);

async function seen(
  operation: string,
  options: Options,
  copy: SequelizeCopy,
  prepare: (sequelize: Sequelize) => Sequelize,
): Promise<Seen> {
  const statements: string[] = [];
  const hooks: string[] = [];
  const logging = (text: string): void => void statements.push(steady(text));
  // Of statements that are sent at once, on several connections, the database may answer any first, and numbers the rows so.
  const pool = copy.parallel.has(operation) ? { pool: { max: 1 } } : {};
  const sequelize = prepare(copy.create({ ...options, ...pool, logging }));
  try {
    const world = await newWorld(sequelize, copy);
    for (const hook of HOOKS) copy.addHook(sequelize, hook, () => void hooks.push(hook));
    // An update in the millisecond of the creation changes no `updatedAt`.
    await sleep(2);
    statements.length = 0;
    const [run] = OPERATIONS[operation] ?? assert.fail(operation);
    const end = await run(world).then(shown, (error: unknown) => `rejected with ${shown(error)}`);
    return { statements, hooks: copy.parallel.has(operation) ? hooks.toSorted() : hooks, end };
  } finally {
    await sequelize.close();
  }
}

const HOOKS = [
  'beforeValidate',
  'validationFailed',
  'afterValidate',
  'beforeCreate',
  'afterCreate',
  'beforeUpdate',
  'afterUpdate',
  'beforeSave',
  'afterSave',
  'beforeUpsert',
  'afterUpsert',
  'beforeDestroy',
  'afterDestroy',
  'beforeRestore',
  'afterRestore',
  'beforeBulkCreate',
  'afterBulkCreate',
  'beforeBulkUpdate',
  'afterBulkUpdate',
  'beforeBulkDestroy',
  'afterBulkDestroy',
  'beforeBulkRestore',
  'afterBulkRestore',
  'beforeFind',
  'afterFind',
  'beforeCount',
  'beforeQuery',
  'afterQuery',
] as const;

/** Our own part in the stacks of errors. */
const OUR_FRAME = /\n +at [^\n]*\/src\/capture\/[^\n]*/g;

/** What a turn of the event loop begins with, which is chance. */
const FRAME_OF_A_TURN = /\n +at [^\n]*\(node:internal\/(?:process\/task_queues|timers)[^\n]*/g;

/** Properties, symbols and stacks too, but for what another process at another time has otherwise. */
function shown(value: unknown): string {
  const text = inspect(value, { depth: 4, showHidden: true, sorted: true, maxArrayLength: 20, maxStringLength: 200 });
  return steady(text);
}

function steady(text: string): string {
  return text
    .replaceAll(OUR_FRAME, '')
    .replaceAll(FRAME_OF_A_TURN, '')
    .replaceAll(/[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}|(?<=func_)[\da-f]{32}/g, 'UUID')
    .replaceAll(/\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d[.\d]*(?:Z| \+00:00)?/g, 'TIME')
    .replaceAll(/(?<=Tags_)[\da-f]{16}/g, 'RANDOM')
    .replaceAll(/\d+ lines matching cause/g, 'lines matching cause')
    .replaceAll(/\(conn=\d+/g, '(conn=N')
    .replaceAll(/(?:threadId|processID|secretKey|oid)['"]?: -?\d+/gi, 'ID');
}
