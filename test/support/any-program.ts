import * as fc from 'fast-check';

/** What an application may do at once, by the method of Sequelize that does it; some have a variant. */
const ACTIONS = [
  'create',
  'create',
  'build and save',
  'create with a code',
  'create with a code',
  'bulkCreate',
  'bulkCreate each',
  'bulkCreate ignoring duplicates',
  'bulkCreate updating duplicates',
  'upsert',
  'findOrCreate',
  'findCreateFind',
  'update',
  'update',
  'save',
  'increment',
  'decrement',
  'destroy',
  'destroy',
  'destroy with force',
  'restore',
  'Model.increment',
  'Model.update',
  'Model.update each',
  'Model.destroy',
  'Model.destroy each',
  'Model.restore',
  'SQL INSERT',
  'SQL UPDATE',
  'SQL DELETE',
  'rejected by validation',
  'rejected by a unique key',
  'rejected SQL',
] as const;

export interface Leaf {
  readonly do: (typeof ACTIONS)[number];
  /** The place of a row in the table. */
  readonly row: number;
  /** Of a team of rows. */
  readonly team: number;
  /** A unique one of a row. */
  readonly code: number;
  readonly hooks: boolean;
  /** Not in the transaction that is open. */
  readonly outside: boolean;
  /** In a savepoint of its own, where there is a transaction. */
  readonly guarded: boolean;
  /** Whether the application goes on where it fails. */
  readonly swallowed: boolean;
}

export type Step =
  | Leaf
  | {
      readonly do: 'in parallel';
      readonly branches: readonly (readonly Step[])[];
      /** Whether also on the connection of a transaction. */
      readonly inTransaction: boolean;
    }
  | {
      readonly do: 'transaction';
      readonly steps: readonly Step[];
      readonly commits: boolean;
      readonly managed: boolean;
      readonly swallowed: boolean;
    };

/** What an application does. */
export interface Program {
  /** Whether transactions are carried by a CLS namespace. */
  readonly cls: boolean;
  readonly steps: readonly Step[];
}

/** What a database bears. */
export interface Bounds {
  /** Several at once: on several connections, or also in one transaction. */
  readonly parallel: 'never' | 'apart' | 'always';
  /** Statements outside of the transaction that is open. */
  readonly outside: boolean;
}

const mostly = (weight: number): fc.Arbitrary<boolean> => fc.nat(99).map((number) => number < weight);

/** Any program within the bounds of a database. */
export function anyProgram({ parallel, outside }: Bounds): fc.Arbitrary<Program> {
  const leaf: fc.Arbitrary<Leaf> = fc.record({
    do: fc.constantFrom(...ACTIONS),
    row: fc.nat(5),
    team: fc.nat(2),
    code: fc.nat(4),
    hooks: mostly(70),
    outside: outside ? mostly(5) : fc.constant(false),
    guarded: mostly(40),
    swallowed: mostly(70),
  });
  const { step } = fc.letrec<{ step: Step; steps: Step[] }>((tie) => ({
    step: fc.oneof(
      { maxDepth: 3, withCrossShrink: true },
      { arbitrary: leaf, weight: 4 },
      {
        arbitrary: fc.record({
          do: fc.constant('transaction' as const),
          steps: tie('steps'),
          commits: mostly(70),
          managed: mostly(70),
          swallowed: mostly(70),
        }),
        weight: 2,
      },
      ...(parallel === 'never'
        ? []
        : [
            {
              arbitrary: fc.record({
                do: fc.constant('in parallel' as const),
                branches: fc.array(tie('steps'), { minLength: 2, maxLength: 3 }),
                inTransaction: fc.constant(parallel === 'always'),
              }),
              weight: 1,
            },
          ]),
    ),
    steps: fc.array(tie('step'), { maxLength: 5 }),
  }));
  return fc.record({
    cls: fc.boolean(),
    steps: fc.array(step, { maxLength: 10 }),
  });
}
