import { InFlight, type Unfinished } from './in-flight.ts';
import { CrowdedPlace, type Fate, Place } from './sequelize-place.ts';
import type { TransactionShape } from './sequelize-shape.ts';

/** What was done in one outermost transaction, in the order of its connection. */
interface Journal extends Unfinished {
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

/** Those of all copies of this package: one may learn of what happens in a transaction, another of its end. */
const SLOT = Symbol.for('activity-audit.journals.1');

interface Journals {
  /** By outermost transaction; held no longer than it. */
  readonly journals: WeakMap<TransactionShape, Journal>;
  /** Those with changes whose fate is open. */
  readonly unfinished: InFlight;
}

const { journals, unfinished } = ((globalThis as { [SLOT]?: Journals })[SLOT] ??= {
  journals: new WeakMap(),
  unfinished: new InFlight(),
});

/** Statements of one transaction that are told of each for itself. Those beyond are counted, so as to take no more memory. */
const MAX_PLACES = 10_000;

/** From now on, what a transaction did that the process doesn't live to end is told of when the process ends. */
export function watchUnfinished(): void {
  unfinished.open();
}

/** The next place in the transaction; where that is over, the change is done. */
export function placeIn(transaction: TransactionShape): Place {
  const journal = journalOf(transaction);
  const { places } = journal;
  if (places.length >= MAX_PLACES) return crowdedPlaceIn(journal);
  const place = new Place();
  if (journal.isOver) {
    place.settle('commit');
  } else {
    if (places.length === 0) unfinished.add(journal);
    places.push(place);
  }
  return place;
}

/** Behind the latest savepoint, which may be returned to. */
function crowdedPlaceIn(journal: Journal): Place {
  const { places } = journal;
  const last = places.length - 1;
  const place = places[last];
  if (place instanceof CrowdedPlace && last >= latestMark(journal)) return place;
  const crowded = new CrowdedPlace();
  places.push(crowded);
  return crowded;
}

function latestMark({ savepoints }: Journal): number {
  return savepoints.at(-1)?.mark ?? 0;
}

/** A nested transaction has begun. */
export function savepointSet(transaction: TransactionShape, name: string): void {
  const { savepoints, places } = journalOf(transaction);
  savepoints.push({ name, mark: places.length });
}

export function savepointReleased(transaction: TransactionShape, name: string): void {
  const journal = journalOf(transaction);
  const index = lastOf(journal.savepoints, name);
  if (index === -1) return;
  journal.savepoints.splice(index);
  mergeCrowds(journal);
}

function mergeCrowds(journal: Journal): void {
  const { places } = journal;
  for (let at = places.length - 1; at > latestMark(journal); at -= 1) {
    const [before, last] = [places[at - 1], places[at]];
    if (!(before instanceof CrowdedPlace && last instanceof CrowdedPlace)) return;
    before.absorb(last);
    places.pop();
  }
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
  conclude(journalOf(transaction), fate, error);
}

function conclude(journal: Journal, fate: Fate, error: unknown): void {
  const { places } = journal;
  journal.places = [];
  journal.savepoints = [];
  journal.isOver = true;
  unfinished.delete(journal);
  for (const place of places) place.settle(fate, error);
}

function lastOf(savepoints: readonly Savepoint[], name: string): number {
  return savepoints.findLastIndex((savepoint) => savepoint.name === name);
}

function journalOf(transaction: TransactionShape): Journal {
  const root = rootOf(transaction);
  let journal = journals.get(root);
  if (!journal) {
    journal = newJournal();
    journals.set(root, journal);
  }
  return journal;
}

function newJournal(): Journal {
  return {
    places: [],
    savepoints: [],
    isOver: false,
    processEnded() {
      conclude(this, 'unknown', new Error('The process ended before the transaction did'));
    },
  };
}

export function rootOf(transaction: TransactionShape): TransactionShape {
  let root = transaction;
  while (root.parent) root = root.parent;
  return root;
}
