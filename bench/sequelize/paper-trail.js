import { createRequire } from 'node:module';

/** Has each version of a model's rows kept by sequelize-paper-trail, in a table of the same database. */
export function keepVersions(sequelize, model) {
  const { init } = createRequire(process.env.PEERS)('sequelize-paper-trail');
  init(sequelize, { revisionModel: `Revision${process.env.SUBJECT}` }).defineModels({});
  model.hasPaperTrail();
}
