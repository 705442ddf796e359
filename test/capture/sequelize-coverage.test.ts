import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { metrics } from '@opentelemetry/sdk-node';
import { DataTypes, QueryTypes } from 'sequelize';

import { auditSequelize } from '../../src/capture/audit-sequelize.ts';
import { SequelizeInstrumentation } from '../../src/capture/sequelize.ts';
import { sequelizeCoverage } from '../../src/capture/sequelize-coverage.ts';
import { createRedactor } from '../../src/event/redact.ts';
import { counted } from '../support/counted-statements.ts';
import { newWorld } from '../support/sequelize-operations.ts';
import { newDatabase } from '../support/sequelize-records.ts';

const rejection = (error: unknown): unknown => error;

describe('what Sequelize sends', () => {
  it('is explained by records of models, with and without hooks, once for each statement', async () => {
    const { User, ann } = await newWorld(auditSequelize(newDatabase()));
    const counts = await counted(async () => {
      await User.create({ name: 'Bob' });
      await ann.increment('age');
      await User.bulkCreate([{ name: 'a' }, { name: 'b' }], { hooks: false });
      await User.update({ name: 'c' }, { where: { name: 'a' } });
    });
    assert.deepEqual(counts, { explained: 4, unexplained: 0, leftOut: 0 });
  });

  it('is explained where it changed no row, or failed', async () => {
    const { User } = await newWorld(auditSequelize(newDatabase()));
    const counts = await counted(async () => {
      await User.destroy({ where: { name: 'nobody' } });
      await User.create({ email: 'ann@x.org' }).catch(rejection);
    });
    assert.deepEqual(counts, { explained: 2, unexplained: 0, leftOut: 0 });
  });

  it('is not counted where it changes no data, or never was sent', async () => {
    const { User, sequelize } = await newWorld(auditSequelize(newDatabase()));
    const counts = await counted(async () => {
      await User.findAll();
      await User.count();
      await sequelize.query('SELECT * FROM Users');
      await sequelize.query('CREATE TABLE more (a INTEGER)');
      await sequelize.getQueryInterface().renameColumn('Tags', 'label', 'text');
      await User.create({ age: -1 }).catch(rejection);
      const transaction = await sequelize.transaction();
      await transaction.commit();
      await User.create({}, { transaction }).catch(rejection);
    });
    assert.deepEqual(counts, { explained: 0, unexplained: 0, leftOut: 0 });
  });

  it('is unexplained, once, where the application wrote it', async () => {
    const { sequelize } = await newWorld(auditSequelize(newDatabase()));
    const counts = await counted(async () => {
      await sequelize.query("INSERT INTO Tags (label) VALUES ('x')");
      await sequelize.query('UPDATE Tags SET label = NULL', { type: QueryTypes.UPDATE });
      await sequelize.query('INSERT INTO Tags (id) VALUES (1)').catch(rejection);
    });
    assert.deepEqual(counts, { explained: 0, unexplained: 3, leftOut: 0 });
  });

  it('is explained where the application wrote it, and the database says that it changed no row', async () => {
    const { sequelize } = await newWorld(auditSequelize(newDatabase()));
    const counts = await counted(() =>
      sequelize.query('UPDATE Tags SET label = NULL WHERE id = 99', { type: QueryTypes.UPDATE }),
    );
    assert.deepEqual(counts, { explained: 1, unexplained: 0, leftOut: 0 });
  });

  it('is unexplained, once, where a retried query of the application fails', async () => {
    const { sequelize } = await newWorld(auditSequelize(newDatabase()));
    const counts = await counted(() =>
      sequelize
        .query('INSERT INTO Tags (id) VALUES (1)', { retry: { max: 3, match: [/./], backoffBase: 0 } } as object)
        .catch(rejection),
    );
    assert.deepEqual(counts, { explained: 0, unexplained: 1, leftOut: 0 });
  });

  it('counts apart on a model that is left out, but for SQL, which may change other tables, too', async () => {
    const sequelize = auditSequelize(newDatabase(), { models: { Tag: false } });
    const { Tag } = await newWorld(sequelize);
    const counts = await counted(async () => {
      await Tag.create({ label: 'x' });
      await sequelize.query('DELETE FROM Tags');
    });
    assert.deepEqual(counts, { explained: 0, unexplained: 1, leftOut: 1 });
  });

  it('is unexplained where it could not be read or recorded', async () => {
    const redactor = { ...createRedactor(), objectText: () => assert.fail('a bug') };
    const { User } = await newWorld(auditSequelize(newDatabase(), { redactor }));
    assert.deepEqual(await counted(() => User.create({ name: 'Bob' })), { explained: 0, unexplained: 1, leftOut: 0 });
  });

  it('is not counted while recording is off', async () => {
    const { User, sequelize } = await newWorld(auditSequelize(newDatabase(), { enabled: false }));
    const counts = await counted(async () => {
      await User.create({ name: 'Bob' });
      await sequelize.query('DELETE FROM Tags');
    });
    assert.deepEqual(counts, { explained: 0, unexplained: 0, leftOut: 0 });
  });

  it('is explained where a hook of the application failed after it, and the SQL of that hook is not', async () => {
    const sequelize = auditSequelize(newDatabase());
    const User = sequelize.define('User', { name: DataTypes.STRING });
    await sequelize.sync();
    User.addHook('afterCreate', async () => {
      await sequelize.query("UPDATE Users SET name = 'x'");
      throw new Error('after it');
    });
    const counts = await counted(() => User.create({ name: 'Bob' }).catch(rejection));
    assert.deepEqual(counts, { explained: 1, unexplained: 1, leftOut: 0 });
  });
});

describe('sequelizeCoverage', () => {
  it('says which part is explained', () => {
    const { explained, unexplained, ratio } = sequelizeCoverage();
    assert.ok(unexplained > 0);
    assert.equal(ratio, explained / (explained + unexplained));
  });
});

describe('the counter audit.sql.statements', () => {
  it('says the same, however many instrumentations have one MeterProvider', async () => {
    const { AggregationTemporality, InMemoryMetricExporter, MeterProvider, PeriodicExportingMetricReader } = metrics;
    const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
    const provider = new MeterProvider({ readers: [new PeriodicExportingMetricReader({ exporter })] });
    const instrumentations = [new SequelizeInstrumentation(), new SequelizeInstrumentation()];
    for (const instrumentation of instrumentations) instrumentation.setMeterProvider(provider);
    await provider.forceFlush();
    for (const instrumentation of instrumentations) instrumentation.disable();
    const { explained, unexplained, leftOut } = sequelizeCoverage();
    const points = exporter
      .getMetrics()
      .flatMap(({ scopeMetrics }) =>
        scopeMetrics.flatMap(({ scope, metrics: found }) =>
          found.flatMap(({ descriptor: { name, unit }, dataPoints }) =>
            dataPoints.map(({ attributes, value }) => [
              scope.name,
              name,
              unit,
              attributes['audit.sql.coverage'],
              value,
            ]),
          ),
        ),
      );
    assert.deepEqual(points, [
      ['activity-audit', 'audit.sql.statements', '{statement}', 'explained', explained],
      ['activity-audit', 'audit.sql.statements', '{statement}', 'unexplained', unexplained],
      ['activity-audit', 'audit.sql.statements', '{statement}', 'left_out', leftOut],
    ]);
    await provider.shutdown();
  });
});
