/** The last line that a process prints says what it used, from its first instruction to the last of its listeners. */
const { writeSync } = require('node:fs');

const { cpuMicros, peakMegabytes } = require('../support/usage.cjs');

process.on('exit', () => {
  const cpu = cpuMicros() / 1000;
  writeSync(1, `\n${JSON.stringify({ cpu, memory: peakMegabytes() })}\n`);
});
