import { type Spread, spreadOf } from './statistics.ts';

/** What was measured of each of several subjects, round by round. */
export class Rounds<Subject extends string, Measured> {
  readonly #measured: ReadonlyMap<Subject, readonly Measured[]>;

  constructor(measured: ReadonlyMap<Subject, readonly Measured[]>) {
    this.#measured = measured;
  }

  /** A figure of one subject. */
  of(subject: Subject, figure: (measured: Measured) => number): Spread {
    return spreadOf(this.#of(subject).map(figure));
  }

  /** A figure of one subject as it was in the last round. */
  last(subject: Subject, figure: (measured: Measured) => number): number {
    return this.#of(subject).map(figure).at(-1) ?? Number.NaN;
  }

  /** A figure that takes several subjects, each time of the same round, so that the machine's moods cancel out. */
  across<S extends Subject>(
    subjects: readonly S[],
    figure: (measured: Readonly<Record<S, Measured>>) => number,
  ): Spread {
    const [first] = subjects;
    if (first === undefined) return spreadOf([]);
    return spreadOf(
      this.#of(first).map((_, round) => {
        const inRound = subjects.map((subject) => [subject, this.#of(subject)[round]] as const);
        return figure(Object.fromEntries(inRound) as Record<S, Measured>);
      }),
    );
  }

  #of(subject: Subject): readonly Measured[] {
    return this.#measured.get(subject) ?? [];
  }
}

/** Measures each subject once a round, one at a time; a round starts one further than the last, so none is always first. */
export async function inRounds<Subject extends string, Measured>(
  rounds: number,
  subjects: readonly Subject[],
  measure: (subject: Subject) => Promise<Measured>,
): Promise<Rounds<Subject, Measured>> {
  const measured = new Map<Subject, Measured[]>(subjects.map((subject) => [subject, []]));
  for (let round = 0; round < rounds; round += 1) {
    const start = round % subjects.length;
    for (const subject of [...subjects.slice(start), ...subjects.slice(0, start)]) {
      measured.get(subject)?.push(await measure(subject));
    }
  }
  return new Rounds(measured);
}
