import { it } from 'node:test';

import { newDatabase } from '../support/sequelize-records.ts';
import { replayAnySequence } from '../support/sequelize-replay.ts';

it('the records of any sequence of changes say what the tables hold in the end, when they are replayed', async () => {
  await replayAnySequence(newDatabase, 100);
});
