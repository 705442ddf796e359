import type { TransactionShape } from './sequelize-shape.ts';

export type Fate = 'commit' | 'rollback' | 'unknown';

/** Tells of one change, once its fate is known. */
export type Tell = (outcome: 'success' | 'unknown', error?: unknown) => void;

/** What was done in one outermost transaction, in the order of its connection. */
interface Journal {
  places: Place[];
  /** In the order in which they were set. */
  savepoints: Savepoint[];
  /** See {@link isOver}. */
  isOver: boolean;
}

interface Savepoint {
  readonly name: string;
  /** How much had been done when it was set. */
  readonly mark: number;
}

/** By outermost transaction; held no longer than it. */
const journals = new WeakMap<TransactionShape, Journal>();

/**
 * The place of one statement among those of its transaction, taken as soon as the database has answered: what is to be
 * told of it may come later, as hooks of the application run first.
 */
export class Place {
  private fate: Fate | undefined;
  private error: unknown;
  private tell: Tell | undefined;

  /** Keeps `tell` until the outermost transaction has really committed, and forgets it if a rollback undoes the change. */
  hold(tell: Tell): void {
    this.tell = tell;
    if (this.fate) this.settle(this.fate, this.error);
  }

  settle(fate: Fate, error?: unknown): void {
    const { tell } = this;
    this.fate = fate;
    this.error = error;
    this.tell = undefined;
    if (tell && fate !== 'rollback') tell(fate === 'commit' ? 'success' : 'unknown', error);
  }
}

/** The next place in the transaction; where that is over, the change is done. */
export function placeIn(transaction: TransactionShape): Place {
  const journal = journalOf(transaction);
  const place = new Place();
  if (journal.isOver) place.settle('commit');
  else journal.places.push(place);
  return place;
}

/** A nested transaction has begun. */
export function savepointSet(transaction: TransactionShape, name: string): void {
  const { savepoints, places } = journalOf(transaction);
  savepoints.push({ name, mark: places.length });
}

export function savepointReleased(transaction: TransactionShape, name: string): void {
  const { savepoints } = journalOf(transaction);
  const index = lastOf(savepoints, name);
  if (index !== -1) savepoints.splice(index);
}

/**
 * All that followed the latest savepoint of that name is undone, whoever did it. That may not be where a nested
 * transaction began, as Sequelize gives savepoints in savepoints the same names:
 * https://github.com/sequelize/sequelize/blob/v6/src/transaction.js
 */
export function returnedToSavepoint(transaction: TransactionShape, name: string): void {
  const { savepoints, places } = journalOf(transaction);
  const index = lastOf(savepoints, name);
  const savepoint = savepoints[index];
  if (!savepoint) return;
  savepoints.splice(index + 1);
  for (const place of places.splice(savepoint.mark)) place.settle('rollback');
}

/** Whether the database has no transaction any more, though Sequelize may: each statement stands for itself. */
export function isOver(transaction: TransactionShape): boolean {
  return journals.get(rootOf(transaction))?.isOver === true;
}

/** The outermost transaction has begun again after {@link end}. */
export function begun(transaction: TransactionShape): void {
  const journal = journals.get(rootOf(transaction));
  if (journal) journal.isOver = false;
}

/**
 * The outermost transaction has ended. A nested one has no COMMIT: its changes stand or fall with the outermost.
 *
 * @param fate `unknown` where COMMIT failed and nobody knows whether it was done
 */
export function end(transaction: TransactionShape, fate: Fate, error?: unknown): void {
  const journal = journalOf(transaction);
  const { places } = journal;
  journal.places = [];
  journal.savepoints = [];
  journal.isOver = true;
  for (const place of places) place.settle(fate, error);
}

function lastOf(savepoints: readonly Savepoint[], name: string): number {
  return savepoints.findLastIndex((savepoint) => savepoint.name === name);
}

function journalOf(transaction: TransactionShape): Journal {
  const root = rootOf(transaction);
  let journal = journals.get(root);
  if (!journal) {
    journal = { places: [], savepoints: [], isOver: false };
    journals.set(root, journal);
  }
  return journal;
}

function rootOf(transaction: TransactionShape): TransactionShape {
  let root = transaction;
  while (root.parent) root = root.parent;
  return root;
}
