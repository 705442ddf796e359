import { execFile } from 'node:child_process';
import path from 'node:path';
import { parseArgs, promisify } from 'node:util';

import { nodeBinary } from '../../test/support/install.ts';

const run = promisify(execFile);

/** A Node.js under test. */
export interface NodeUnderTest {
  readonly binary: string;
  /** `v20.20.2` */
  readonly version: string;
}

export interface Arguments {
  readonly nodes: readonly NodeUnderTest[];
  readonly rounds: number;
}

/** The oldest Node.js that we support, and the one that runs this. */
const DEFAULT_NODES = ['20.20.2', process.versions.node];

/**
 * Reads `--node <path or version>`, which may be given several times, and `--rounds <number>`.
 *
 * @param defaults how many rounds keep the whole benchmark below three minutes
 */
export async function readArguments(defaults: { readonly rounds: number }): Promise<Arguments> {
  const { values } = parseArgs({ options: { node: { type: 'string', multiple: true }, rounds: { type: 'string' } } });
  const rounds = Number(values.rounds ?? defaults.rounds);
  if (!Number.isInteger(rounds) || rounds < 1)
    throw new TypeError(`--rounds: expected a whole number, got ${values.rounds}`);
  return { nodes: await Promise.all((values.node ?? DEFAULT_NODES).map(nodeUnderTest)), rounds };
}

async function nodeUnderTest(given: string): Promise<NodeUnderTest> {
  const isVersion = /^v?\d+\.\d+\.\d+$/.test(given);
  const binary = isVersion ? await nodeBinary(given.replace('v', '')) : path.resolve(given);
  const { stdout } = await run(binary, ['--print', 'process.version']);
  return { binary, version: stdout.trim() };
}
