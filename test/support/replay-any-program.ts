import * as fc from 'fast-check';
import { type Options, Sequelize } from 'sequelize';

import { type Bounds, anyProgram } from './any-program.ts';
import { ProgramApplication } from './program-application.ts';
import { assertTrue } from './program-truth.ts';
import { takeRecords } from './sequelize-records.ts';

/** How many times as many programs as usual are tried, and the seed that they are made from: a failure names its own. */
const { FUZZ_FACTOR = '1', FUZZ_SEED } = process.env;

/** Connections for all that a program may do at once: where one waits for another's, none goes on. */
const ENOUGH = { max: 50 };

/**
 * Has an application do any program of changes, in transactions and savepoints that are committed and rolled back, some
 * at the same time, and compares what its records say with what the database's own triggers logged.
 *
 * @param programs how many, half of them with rows that are deleted softly
 */
export async function replayAnyProgram(options: Options, programs: number, bounds: Bounds): Promise<void> {
  for (const paranoid of [false, true]) {
    const application = new ProgramApplication(new Sequelize({ ...options, pool: ENOUGH }), paranoid);
    const property = fc.asyncProperty(anyProgram(bounds), async (program) => {
      await application.empty();
      takeRecords();
      const done = await application.run(program);
      const records = takeRecords();
      const [history, logged] = [await application.history(), await application.logged()];
      assertTrue({ done, history, logged, records, paranoid });
    });
    const numRuns = Math.ceil((programs * Number(FUZZ_FACTOR)) / 2);
    const seed = FUZZ_SEED === undefined ? {} : { seed: Number(FUZZ_SEED) };
    try {
      await application.create();
      // What happens at once may happen otherwise the next time: that can't be made smaller.
      await fc.assert(property, {
        numRuns,
        endOnFailure: bounds.parallel !== 'never',
        includeErrorInReport: true,
        ...seed,
      });
    } finally {
      await application.close();
    }
  }
}
