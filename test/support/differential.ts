import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';

import { nodeBinary } from './install.ts';
import { readRecords, runProcess } from './run.ts';

/** What a differential test looks at of the record of an exchange. */
export interface ExchangeRecord {
  readonly request_type: 'internal' | 'external';
  readonly request_repr: { readonly headers: Record<string, string> };
  readonly response_repr: { readonly status_code?: number };
  readonly request_size: number;
  readonly response_size: number;
}

/** What a program printed as JSON without us and with us, and what was recorded then. */
export interface Difference<Seen> {
  readonly alone: Seen;
  readonly audited: Seen;
  readonly records: readonly ExchangeRecord[];
}

/**
 * Runs a program twice, without us and with us.
 *
 * @param version of Node.js
 */
export async function runBoth<Seen>(version: string, program: string): Promise<Difference<Seen>> {
  const directory = await mkdtemp(path.join(os.tmpdir(), 'activity-audit-'));
  const env = { ACTIVITY_AUDIT_DIRECTORY: directory, ACTIVITY_AUDIT_CONSOLE: 'false' };
  const node = await nodeBinary(version);
  const run = async (...args: string[]): Promise<Seen> => {
    const { code, stdout, stderr } = await runProcess(node, [...args, program], { env });
    assert.equal(code, 0, stderr);
    return JSON.parse(stdout) as Seen;
  };
  try {
    const [alone, audited] = await Promise.all([run(), run('--import', 'activity-audit/register')]);
    return { alone, audited, records: readRecords(directory, 'api') as unknown as ExchangeRecord[] };
  } finally {
    await rm(directory, { recursive: true });
  }
}

/** Status and sizes. */
export function numbersOf({ response_repr, request_size, response_size }: ExchangeRecord): (number | null)[] {
  return [response_repr.status_code ?? null, request_size, response_size];
}

/** The same in an order of their own: several requests at once may end in any. */
export function sortedNumbers(numbers: readonly (readonly (number | null)[])[]): (readonly (number | null)[])[] {
  return numbers.toSorted((one, other) => String(one).localeCompare(String(other)));
}
