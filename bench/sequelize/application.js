/** An application with a model of ten attributes, which does what its parent asks for, as often as it is asked to. */
import { createRequire } from 'node:module';

import { sqlite } from '../../examples/sqlite.js';
import { cpuMicros } from '../support/usage.cjs';
import { keepVersions } from './paper-trail.js';

const require = createRequire(import.meta.url);
const { DataTypes, Sequelize } = require('sequelize');

const DIALECTS = {
  sqlite: { dialect: 'sqlite', storage: ':memory:', dialectModule: sqlite },
  postgres: { dialect: 'postgres', host: process.env.HOST, username: process.env.DB_USER, database: 'postgres' },
};

const sequelize = new Sequelize({ ...DIALECTS[process.env.DIALECT], logging: false });
const Patient = sequelize.define(`Patient${process.env.SUBJECT}`, {
  first_name: DataTypes.STRING,
  last_name: DataTypes.STRING,
  email: DataTypes.STRING,
  date_of_birth: DataTypes.DATEONLY,
  visits: DataTypes.INTEGER,
  insured: DataTypes.BOOLEAN,
  notes: DataTypes.TEXT,
});
if (process.env.KEEP_VERSIONS) keepVersions(sequelize, Patient);
await sequelize.sync({ force: true });

const row = (index) => ({
  first_name: 'Ann',
  last_name: `Example ${index}`,
  email: `ann-${index}@example.com`,
  date_of_birth: '1980-01-02',
  visits: index,
  insured: true,
  notes: 'Comes back in two weeks; brings the results of the last examination along. '.repeat(2),
});

const patient = await Patient.create(row(0));
let count = 0;

const OPERATIONS = {
  create: () => Patient.create(row((count += 1))),
  update: () => patient.update({ visits: (count += 1), notes: `Seen ${count} times` }),
  findByPk: () => Patient.findByPk(patient.get('id')),
  'Model.update': () => Patient.update({ visits: (count += 1) }, { where: { id: patient.get('id') } }),
  'bulkCreate of 1,000': () => Patient.bulkCreate(Array.from({ length: 1000 }, (_, index) => row(index))),
  'create and update in a transaction': () =>
    sequelize.transaction(async (transaction) => {
      const created = await Patient.create(row((count += 1)), { transaction });
      await created.update({ visits: -1 }, { transaction });
    }),
};

process.on('message', (question) => void measured(question).then((answer) => process.send(answer)));
process.on('disconnect', () => process.exit());
process.send('ready');

/** Microseconds of CPU, of all threads, and of the clock, for each time. */
async function measured({ operation, times }) {
  const run = OPERATIONS[operation];
  const start = performance.now();
  const before = cpuMicros();
  for (let i = 0; i < times; i += 1) await run();
  const cpu = (cpuMicros() - before) / times;
  const clock = ((performance.now() - start) * 1000) / times;
  await Patient.destroy({ where: {}, truncate: true, logging: false });
  await Patient.create({ ...row(0), id: patient.get('id') });
  return { cpu, clock };
}
