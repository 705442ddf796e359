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
  /** Parts of the names of the subjects that are wanted; empty: all of them. */
  readonly only: readonly string[];
}

/** The oldest Node.js that we support, and the one that runs this. */
const DEFAULT_NODES = ['20.20.2', process.versions.node];

/**
 * Reads `--node <path or version>` and `--only <part of a name>`, which may be given several times, and
 * `--rounds <number>`.
 *
 * @param defaults how many rounds keep the whole benchmark to a few minutes
 */
export async function readArguments(defaults: { readonly rounds: number }): Promise<Arguments> {
  const { values } = parseArgs({
    options: {
      node: { type: 'string', multiple: true, default: DEFAULT_NODES },
      only: { type: 'string', multiple: true, default: [] },
      rounds: { type: 'string', default: String(defaults.rounds) },
    },
  });
  const rounds = Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 1)
    throw new TypeError(`--rounds: expected a whole number, got ${values.rounds}`);
  return { nodes: await Promise.all(values.node.map(nodeUnderTest)), rounds, only: values.only };
}

async function nodeUnderTest(given: string): Promise<NodeUnderTest> {
  const isVersion = /^v?\d+\.\d+\.\d+$/.test(given);
  const binary = isVersion ? await nodeBinary(given.replace('v', '')) : path.resolve(given);
  const { stdout } = await run(binary, ['--print', 'process.version']);
  return { binary, version: stdout.trim() };
}
