import os from 'node:os';

import type { Arguments } from './arguments.ts';

/** Says what is measured, on which machine and how often, above the tables. */
export function printHeading(title: string, { nodes, rounds }: Arguments, ...notes: readonly string[]): void {
  const cpus = os.cpus();
  const versions = nodes.map(({ version }) => version).join(', ');
  console.log(`# ${title}\n`);
  console.log(`Node ${versions} · ${cpus[0]?.model.trim()}, ${cpus.length} cores · ${os.type()} ${os.release()}`);
  console.log(`${rounds} rounds, in each of which all take their turn. Medians, with the quartiles in brackets.`);
  for (const note of notes) console.log(note);
}
