/**
 * Starts the blog with `node --import activity-audit/register`, uses it over HTTP, shows what was recorded, and compares
 * the records with what the database says was committed.
 */
import { rmSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { startApp } from './demo/app-process.js';
import { compare } from './demo/compare.js';
import { installJournal, readJournal, readPasswordHashes } from './demo/journal.js';
import { printChecks, printChapters, printConsole, printFiles, printHeading } from './demo/print.js';
import { readRecords, removeRecords } from './demo/records.js';
import { tellStory } from './demo/story.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const APP = 'examples/express-sequelize/app.js';
const DATABASE = path.join(ROOT, 'examples/express-sequelize/demo.sqlite');
const DIRECTORY = path.join(ROOT, 'audit_logs');

removeDatabase();
removeRecords(DIRECTORY);

printHeading(`node --import activity-audit/register ${APP}`);
const app = await startApp(APP, {
  cwd: ROOT,
  env: { ...process.env, PORT: '0', DATABASE, ACTIVITY_AUDIT_DIRECTORY: DIRECTORY, OTEL_SERVICE_NAME: 'blog' },
});
const { chapters, secrets } = await useApp();
const files = readRecords(DIRECTORY);
const checks = compare({
  steps: chapters.flatMap(({ steps }) => steps),
  committed: readJournal(DATABASE),
  secrets: [...secrets, ...readPasswordHashes(DATABASE)],
  output: app.lines.join('\n'),
  files,
});

printChapters(chapters);
printConsole(app.lines);
printFiles(files);
printChecks(checks);
process.exitCode = checks.every(({ problems }) => problems.length === 0) ? 0 : 1;

async function useApp() {
  try {
    installJournal(DATABASE);
    return await tellStory(app.url);
  } finally {
    await app.stop();
  }
}

function removeDatabase() {
  for (const suffix of ['', '-journal', '.lock']) rmSync(DATABASE + suffix, { recursive: true, force: true });
}
