import { instanceId } from '../event/model-event.ts';
import { rootOf } from './sequelize-journal.ts';
import type { Told } from './sequelize-recorder.ts';
import { type Row, keyOf } from './sequelize-row.ts';
import {
  type ModelShape,
  type QueryGeneratorShape,
  SCHEMA,
  type TableShape,
  type TransactionShape,
} from './sequelize-shape.ts';

/** The rows that a statement is about to change, as far as they can be selected before it. */
export interface Target {
  readonly model: ModelShape | undefined;
  /** The model's, or the table's where there is none. */
  readonly name: string;
  readonly table: TableShape;
  /** The conditions of the statement, as its SQL has them: `""` for all rows. */
  readonly conditions: (generator: QueryGeneratorShape) => string;
  /** The most rows that the statement changes. @default Infinity */
  readonly limit?: number | undefined;
  readonly deletes: boolean;
  /** The attributes that it writes. */
  readonly fields: readonly string[];
  /**
   * What it did to one of the rows.
   *
   * @param returned the row as the database returned it afterwards, where it was asked to
   * @returns undefined where the row is as it was before
   */
  readonly toldOf: (before: Row, returned?: Row) => Told | undefined;
}

/** Rows as they were before a statement, which changes them next. */
export class BeforeImages {
  readonly target: Target;
  readonly transaction: TransactionShape | undefined;
  rows: readonly Row[] = [];
  /** Whether there are no others that the statement changes. */
  areAll = false;
  #doubt: string | undefined;
  #others: (BeforeImages | undefined)[] = [];

  /** @param transaction it locks the rows */
  constructor(target: Target, transaction: TransactionShape | undefined) {
    this.target = target;
    this.transaction = transaction;
  }

  /** Why they don't tell what the statement changed. */
  get doubt(): string | undefined {
    const isChanged = this.#others.some((other) => !other || this.#meets(other));
    return this.#doubt ?? (isChanged ? 'The transaction changed rows in between' : undefined);
  }

  doubted(doubt: string): this {
    this.#doubt ??= doubt;
    return this;
  }

  /** Another statement of the transaction was sent in between, with its own images, or without any. */
  followedBy(other: BeforeImages | undefined): void {
    this.#others.push(other);
  }

  #meets(other: BeforeImages): boolean {
    const theirs = other.#keys();
    return theirs === undefined || (this.#keys()?.some((key) => theirs.includes(key)) ?? true);
  }

  /** Undefined where it has rows that it doesn't know. */
  #keys(): readonly string[] | undefined {
    const { model } = this.target;
    const keys = model && this.rows.map((row) => instanceId(keyOf(row, model)));
    return this.areAll && !keys?.includes('') ? keys : undefined;
  }
}

/** By outermost transaction: those whose statement was not sent yet. */
const waiting = new WeakMap<TransactionShape, Set<BeforeImages>>();

/** To be called before the rows are selected: what the transaction changes until their statement is sent is noticed. */
export function watchUntilSent(images: BeforeImages): void {
  if (!images.transaction) return;
  const root = rootOf(images.transaction);
  const others = waiting.get(root) ?? new Set();
  waiting.set(root, others.add(images));
}

/**
 * To be called right before a statement that may change rows is sent.
 *
 * @param model whose rows it changes; undefined for any
 * @param own its images
 */
export function writeSent(transaction: TransactionShape, model: ModelShape | undefined, own?: BeforeImages): void {
  const images = waiting.get(rootOf(transaction));
  if (!images) return;
  if (own) images.delete(own);
  for (const other of images) if (mayShareTable(other.target.model, model)) other.followedBy(own);
}

/** To be called when the statement has ended, which may never have been sent. */
export function unwatch(images: BeforeImages): void {
  if (images.transaction) waiting.get(rootOf(images.transaction))?.delete(images);
}

function mayShareTable(one: ModelShape | undefined, other: ModelShape | undefined): boolean {
  return !one || !other || (one.tableName === other.tableName && one[SCHEMA] === other[SCHEMA]);
}
