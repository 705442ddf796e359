import assert from 'node:assert/strict';
import { symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';

import { runProcess } from '../support/run.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** What `activity-audit/register` does, for Sequelize alone: the records go to stdout. */
const REGISTER = `
import { SequelizeInstrumentation } from './src/capture/sequelize.ts';
import { eventIn } from './src/event/event-context.ts';
import { LoggerProvider } from '@opentelemetry/sdk-logs';

const say = ({ event_type, model, instance_id }) => console.log(event_type, model, instance_id);
const processor = { onEmit: (_, context) => say(eventIn(context)), async forceFlush() {}, async shutdown() {} };
new SequelizeInstrumentation().setLoggerProvider(new LoggerProvider({ processors: [processor] }));
`;

const APPLICATION = `
async function main() {
  const { sqlite } = await import('./examples/sqlite.js');
  const sequelize = new Sequelize({ ...dialectOptions(sqlite), storage: ':memory:', logging: false });
  const User = sequelize.define('User', { name: DataTypes.STRING });
  await sequelize.sync();
  await User.create({ name: 'Ann' });
  await User.findByPk(1);
  await sequelize.query("UPDATE Users SET name = 'x'");
  await User.destroy({ where: {} });
  await sequelize.close();
}
void main();
`;

const DIALECT_6 = "const dialectOptions = (dialectModule) => ({ dialect: 'sqlite', dialectModule });";
const DIALECT_7 = `const dialectOptions = (sqlite3Module) =>
  ({ dialect: SqliteDialect, sqlite3Module, pool: { max: 1, idle: Infinity, maxUses: Infinity } });`;
const APPLICATION_6 = DIALECT_6 + APPLICATION;
const APPLICATION_7 = DIALECT_7 + APPLICATION;

const KINDS = {
  'main.cjs': `const { Sequelize, DataTypes } = require('sequelize');${APPLICATION_6}`,
  'main.mjs': `import { Sequelize, DataTypes } from 'sequelize';${APPLICATION_6}`,
  'dynamic.mjs': `const { Sequelize, DataTypes } = await import('sequelize');${APPLICATION_6}`,
  'register-first.mjs': `import './register.mjs';\nimport { Sequelize, DataTypes } from 'sequelize';${APPLICATION_6}`,
  'main-7.cjs': `const { Sequelize, DataTypes } = require('@sequelize/core');
    const { SqliteDialect } = require('@sequelize/sqlite3');${APPLICATION_7}`,
  'main-7.mjs': `import { Sequelize, DataTypes } from '@sequelize/core';
    import { SqliteDialect } from '@sequelize/sqlite3';${APPLICATION_7}`,
  'dynamic-7.mjs': `const { Sequelize, DataTypes } = await import('@sequelize/core');
    const { SqliteDialect } = await import('@sequelize/sqlite3');${APPLICATION_7}`,
};

/** How this process was told to run TypeScript, on a Node.js that can't by itself. */
const TYPESCRIPT = process.execArgv.includes('tsx') ? ['--import', 'tsx'] : [];

describe('Sequelize, loaded after the instrumentation', () => {
  for (const [file, source] of Object.entries(KINDS)) {
    it(`is recorded in ${file}, without a loader and without a word on stderr`, async (t) => {
      const folder = temporaryFolder(t);
      symlinkSync(path.resolve('node_modules'), path.join(folder, 'node_modules'));
      writeFileSync(path.join(folder, 'register.mjs'), withOurFiles(REGISTER));
      writeFileSync(path.join(folder, file), withOurFiles(source));
      const flags = file === 'register-first.mjs' ? [] : ['--import', path.join(folder, 'register.mjs')];
      const { stdout, stderr, code } = await runProcess(process.execPath, [
        ...TYPESCRIPT,
        ...flags,
        path.join(folder, file),
      ]);
      assert.deepEqual(
        [stderr, code, stdout.trimEnd().split('\n')],
        ['', 0, ['CREATE User 1', 'READ User 1', 'SQL Users ', 'BULK_DELETE User']],
      );
    });
  }
});

/** `./src/…` and `./examples/…` as they are here. */
function withOurFiles(source: string): string {
  return source.replaceAll(
    /'\.\/((?:src|examples)\/[^']+)'/g,
    (_, name: string) => `'${new URL(`../../${name}`, import.meta.url).href}'`,
  );
}
