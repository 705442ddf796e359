import type {
  InstanceShape,
  ModelShape,
  OptionsShape,
  QueryGeneratorShape,
  QueryShape,
  SequelizeShape,
} from './sequelize-shape.ts';
import type { Describe } from './sequelize-statement.ts';

/** All that differs from one major version of Sequelize to another. */
export interface Major {
  /** What every copy of it loads, however it is loaded: the end of a path. */
  readonly file: string;
  /** Calls `fn` with each instance that is made by the copy whose `file` was loaded. */
  onInstance(loaded: unknown, fn: (instance: object) => void): void;
  /** Takes that back. */
  offInstance(loaded: unknown, fn: (instance: object) => void): void;
  /** @returns undefined for what isn't an instance of this major */
  doorsOf(value: unknown): Doors | undefined;
}

/** How to send a SELECT of our own through a Sequelize instance. */
export interface Selecting {
  readonly queryGenerator: QueryGeneratorShape;
  literal(sql: string): object;
  query(sql: string, options: object): Promise<unknown>;
}

/** Where one Sequelize instance can be watched. */
export interface Doors {
  readonly sequelize: SequelizeShape;
  readonly queryInterface: object;
  /** What methods of the query interface change, and what others look at. */
  readonly writes: Readonly<Record<string, Describe>>;
  readonly reads: Readonly<Record<string, Describe>>;
  /** Its methods that end a transaction, their first argument. */
  readonly commit: string;
  readonly rollback: string;
  /** The transaction that a call with such options is part of, or what stands in its place. */
  transactionOf(options: OptionsShape | undefined): unknown;
  /** Undefined where before-images can't be had. */
  readonly selecting?: Selecting;
  /** Whether an SQL text reaches the database. */
  sends(sql: string): boolean;
  /** Calls `watch` before each attempt to send a query, and before the application's own hooks. */
  onQuery(watch: (options: OptionsShape, query: QueryShape) => void): void;
  /** The prototype that all models of this copy of Sequelize have in common. */
  readonly basePrototype: object;
  /** An instance of a model, in the shape that we know. */
  readonly shapeOf: (instance: object) => InstanceShape;
  /** Calls `fn` with each model that is defined from now on. */
  onDefined(fn: (model: ModelShape) => void): void;
}
