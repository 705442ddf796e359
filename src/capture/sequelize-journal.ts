import type { TransactionShape } from './sequelize-shape.ts';

/** Tells of one change, once its fate is known. */
export type Tell = (outcome: 'success' | 'unknown', error?: unknown) => void;

/** What was done in one outermost transaction, in the order of its connection. */
interface Journal {
  held: Tell[];
  /** In the order in which they were set. */
  savepoints: Savepoint[];
  /** What became of it. A statement may be told to have finished after the commit that followed it. */
  ended?: 'commit' | 'rollback' | 'unknown';
  error?: unknown;
}

interface Savepoint {
  readonly name: string;
  /** How much had been done when it was set. */
  readonly mark: number;
}

/** By outermost transaction; held no longer than it. */
const journals = new WeakMap<TransactionShape, Journal>();

/** Keeps `tell` until the outermost transaction has really committed, and forgets it if a rollback undoes the change. */
export function hold(transaction: TransactionShape, tell: Tell): void {
  const journal = journalOf(transaction);
  if (journal.ended === undefined) journal.held.push(tell);
  else if (journal.ended === 'commit') tell('success');
  else if (journal.ended === 'unknown') tell('unknown', journal.error);
}

/** A nested transaction has begun: a savepoint was set. */
export function savepointSet(transaction: TransactionShape, name: string): void {
  const { savepoints, held } = journalOf(transaction);
  savepoints.push({ name, mark: held.length });
}

/**
 * A nested transaction was rolled back: all that followed the latest savepoint of that name is undone, whoever did it.
 * That may not be where the transaction began, as Sequelize gives savepoints in savepoints the same names:
 * https://github.com/sequelize/sequelize/blob/v6/src/transaction.js
 */
export function returnedToSavepoint(transaction: TransactionShape, name: string): void {
  const journal = journalOf(transaction);
  const index = journal.savepoints.findLastIndex((savepoint) => savepoint.name === name);
  const savepoint = journal.savepoints[index];
  if (!savepoint) return;
  journal.savepoints = journal.savepoints.slice(0, index + 1);
  journal.held = journal.held.slice(0, savepoint.mark);
}

/**
 * An outermost transaction has ended. A nested one has no COMMIT: its changes stand or fall with the outermost.
 *
 * @param ended `unknown` where COMMIT failed: nobody knows whether it was done
 */
export function end(root: TransactionShape, ended: 'commit' | 'rollback' | 'unknown', error?: unknown): void {
  const journal = journalOf(root);
  const { held } = journal;
  journal.held = [];
  journal.savepoints = [];
  journal.ended = ended;
  journal.error = error;
  if (ended === 'rollback') return;
  for (const tell of held) tell(ended === 'commit' ? 'success' : 'unknown', error);
}

function journalOf(transaction: TransactionShape): Journal {
  let root = transaction;
  while (root.parent) root = root.parent;
  let journal = journals.get(root);
  if (!journal) {
    journal = { held: [], savepoints: [] };
    journals.set(root, journal);
  }
  return journal;
}
