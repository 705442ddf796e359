import assert from 'node:assert/strict';

import type { ModelEvent } from '../../src/event/event.ts';
import type { ItemChange } from './item-changes.ts';
import type { Done } from './program-application.ts';

/** What a program did, what the database's own triggers logged of it, and what was recorded. */
export interface Run {
  readonly done: readonly Done[];
  readonly history: readonly ItemChange[];
  /** The marks that SQL wrote into the log. */
  readonly logged: readonly number[];
  readonly records: readonly ModelEvent[];
  readonly paranoid: boolean;
}

/** A record of something done, and the step that did it. */
interface Claim {
  readonly record: ModelEvent;
  readonly step: Done;
  /** The rows, where the record names them. */
  readonly ids: readonly string[] | undefined;
  readonly lines: number[];
}

/** Asserts that the records tell what happened: all of it, nothing else, in its order, by whom, with the right values. */
export function assertTrue(run: Run): void {
  const { done, history, records } = run;
  const stepOf = ({ actor_id }: ModelEvent): Done =>
    done[Number(actor_id?.slice(1)) - 1] ?? assert.fail(`a record of ${actor_id}`);
  assertFailures(done, records, stepOf);
  const told = records
    .filter(({ outcome }) => outcome === 'success')
    .map((record) => ({ record, step: stepOf(record) }));
  for (const { record, step } of told) assertTransaction(record, step);
  const logged = told.filter(({ record }) => record.model === 'Logs').map(({ step }) => step.mark);
  assert.deepEqual(logged.toSorted(ascending), run.logged, 'lines of the log');
  const claims = claimed(
    told.filter(({ record }) => record.model !== 'Logs'),
    run,
  );
  for (const claim of claims) assertValues(claim, history);
  assertOrder(claims, history);
}

const ascending = (one: number, other: number): number => one - other;

/** Steps that fail without a record: what they looked for first, or their own transaction, may have failed. */
const LOOKS_FIRST: ReadonlySet<Done['do']> = new Set([
  'findOrCreate',
  'findCreateFind',
  'Model.update each',
  'Model.destroy each',
]);

function assertFailures(
  done: readonly Done[],
  records: readonly ModelEvent[],
  stepOf: (record: ModelEvent) => Done,
): void {
  const failures = records.filter(({ outcome }) => outcome === 'failure');
  for (const record of failures) {
    const step = stepOf(record);
    assert.ok(step.told === 'failed' || LOOKS_FIRST.has(step.do), `${step.do} didn't fail: ${record.error_message}`);
    assert.ok(record.error_message);
  }
  for (const { do: action, mark, told, isSent } of done) {
    if (told !== 'failed' || LOOKS_FIRST.has(action) || !isSent) continue;
    const count = failures.filter((record) => stepOf(record).mark === mark).length;
    assert.ok(count === 1 || (count > 1 && action === 'bulkCreate each'), `${count} records of ${action}, that failed`);
  }
}

function assertTransaction({ transaction_id }: ModelEvent, { do: action, root }: Done): void {
  // Sequelize takes a transaction that MariaDB has undone out of CLS.
  const mayBeOver = root?.hasFailed;
  if (mayBeOver && transaction_id === undefined) return;
  if (action === 'findOrCreate' && (!root || mayBeOver)) assert.ok(transaction_id);
  else assert.equal(transaction_id, root?.id);
}

/**
 * A row that was created with others at once in a transaction that failed meanwhile: MariaDB does then what was sent behind
 * the statement that failed, apart from any transaction (docs/records.md).
 */
function mayStandApart({ before, after }: ItemChange, done: readonly Done[]): boolean {
  const step = done[(after?.value ?? 0) - 1];
  return !before && step?.do === 'bulkCreate each' && step.root?.hasFailed === true;
}

/** Gives each line of the history to a record that may tell of it, so that all records have as many as they tell of. */
function claimed(told: readonly { record: ModelEvent; step: Done }[], { done, history, paranoid }: Run): Claim[] {
  const claims = told.map(({ record, step }) => ({ record, step, ids: idsIn(record), lines: [] as number[] }));
  const slots = claims.flatMap((claim) => slotsOf(claim, history, paranoid));
  const takers = new Map<number, Slot>();
  const found = (slot: Slot, tried: Set<number>): boolean =>
    slot.lines.some((line) => {
      if (tried.has(line)) return false;
      tried.add(line);
      const taker = takers.get(line);
      if (taker && !found(taker, tried)) return false;
      takers.set(line, slot);
      return true;
    });
  for (const slot of slots.filter(({ isSure }) => isSure)) {
    const { record, step } = slot.claim;
    assert.ok(found(slot, new Set()), `${record.message} by ${step.do} tells of what didn't happen`);
  }
  for (const slot of slots.filter(({ isSure }) => !isSure)) found(slot, new Set());
  for (const [line, { claim }] of takers) claim.lines.push(line);
  assert.deepEqual(
    history.filter((change, line) => !takers.has(line) && !mayStandApart(change, done)),
    [],
    'changes without a record',
  );
  return claims;
}

/** One row that a record tells of. */
interface Slot {
  readonly claim: Claim;
  /** The lines of the history that may be its own. */
  readonly lines: readonly number[];
  /** Whether there must be one. */
  readonly isSure: boolean;
}

function slotsOf(claim: Claim, history: readonly ItemChange[], paranoid: boolean): Slot[] {
  const { record, step, ids } = claim;
  const lines = [...history.keys()].filter((line) => isBy(history[line] as ItemChange, record, step, paranoid));
  const isSure = !mayChangeNothing(step);
  if (ids) return ids.map((id) => ({ claim, lines: lines.filter((line) => history[line]?.id === id), isSure }));
  const count = countIn(record);
  // SQLite doesn't count what SQL does that says nothing of its type.
  if (count === undefined) return lines.map(() => ({ claim, lines, isSure: false }));
  return Array.from({ length: count }, () => ({ claim, lines, isSure }));
}

/** Deleting or restoring again may leave a row as it is; `Model.restore` takes in those that are there. */
function mayChangeNothing({ do: action, isExact, aim }: Done): boolean {
  if (action === 'Model.restore') return true;
  return (action === 'destroy' || action === 'restore') && (!isExact || aim?.deleted === (action === 'destroy'));
}

function idsIn({ instance_id, extra }: ModelEvent): readonly string[] | undefined {
  if (instance_id !== '') return [instance_id];
  const ids = extra['instance_ids'] as string[] | undefined;
  if (ids) assert.equal(ids.length, extra['total_count']);
  return ids;
}

/** How many rows a record tells of that names none. */
function countIn({ event_type, extra }: ModelEvent): number | undefined {
  return event_type === 'UPSERT' ? 1 : ((extra['total_count'] ?? extra['affected']) as number | undefined);
}

/** Whether a record may tell of a change, and the step of its actor have made it. */
function isBy({ before, after }: ItemChange, record: ModelEvent, step: Done, paranoid: boolean): boolean {
  const { mark, team } = step;
  const wrote = after?.value === mark && before?.value !== mark;
  const wasDeleted = before?.deleted !== '';
  const isTeam = record.instance_id !== '' || before?.team === team;
  switch (record.event_type) {
    case 'CREATE':
      return !before && wrote;
    case 'BULK_CREATE':
      return wrote && (!before || record.extra['update_on_duplicate'] !== undefined);
    case 'UPSERT':
      return wrote;
    case 'UPDATE':
    case 'BULK_UPDATE':
      if (step.do === 'destroy' || step.do === 'restore') return before?.deleted !== after?.deleted;
      if (record.extra['by'])
        return Boolean(before && after) && Math.abs(after!.count - before!.count) === mark && isTeam;
      return Boolean(before) && wrote && isTeam;
    case 'DELETE':
    case 'BULK_DELETE': {
      const isHard = !paranoid || step.do === 'destroy with force';
      return (
        isTeam &&
        (isHard ? !after : Boolean(before && after) && after?.deleted !== '' && before?.deleted !== after?.deleted)
      );
    }
    case 'RESTORE':
    case 'BULK_RESTORE':
      return Boolean(before) && wasDeleted && after?.deleted === '' && isTeam;
    case 'SQL':
      return step.do === 'SQL DELETE' ? !after && isTeam : Boolean(before) && wrote && isTeam;
    default:
      return assert.fail(record.event_type);
  }
}

function assertValues({ record, step, lines }: Claim, history: readonly ItemChange[]): void {
  const { event_type, instance_repr: row, changes, extra } = record;
  const [change] = lines.map((line) => history[line]);
  if (!change) return;
  const { before, after } = change;
  const old = changes?.['value']?.[0];
  switch (event_type) {
    case 'CREATE':
      assert.equal(row['value'], after?.value);
      assert.equal(row['team'], after?.team);
      break;
    case 'UPDATE':
      if (extra['by']) assert.equal(Math.abs((extra['by'] as { count: number }).count), step.mark);
      else if (step.do !== 'destroy' && step.do !== 'restore') assert.equal(row['value'], after?.value);
      if (changes?.['value']) assert.equal(changes['value'][1], after?.value);
      if (step.isExact && old !== undefined) assert.equal(old, before?.value);
      break;
    case 'DELETE':
      if (step.isExact && !after) assert.equal(row['value'], before?.value);
      break;
    case 'BULK_UPDATE':
      if (!extra['by']) assert.equal(row['value'], after?.value);
      break;
    default:
  }
}

/**
 * What was written to one row is told in its order, where one of two steps began when the other had ended.
 * A row doesn't say who deleted it softly or restored it.
 */
function assertOrder(claims: readonly Claim[], history: readonly ItemChange[]): void {
  const order = new Map(claims.flatMap(({ lines }, place) => lines.map((line) => [line, place] as const)));
  const last = new Map<string, number>();
  for (const [line, { id, before: from, after: to }] of history.entries()) {
    if (from && to && from.value === to.value && from.count === to.count) continue;
    const before = last.get(id);
    last.set(id, line);
    if (before === undefined) continue;
    const [first, second] = [order.get(before) as number, order.get(line) as number];
    if (first <= second) continue;
    const [earlier, later] = [claims[first]?.step as Done, claims[second]?.step as Done];
    assert.ok(endOf(earlier) > later.began, `${later.do} is told before ${earlier.do} of row ${id}`);
  }
}

function endOf({ ended, root }: Done): number {
  return root ? Math.max(root.ended, ended) : ended;
}
