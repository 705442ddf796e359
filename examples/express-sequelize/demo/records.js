import { readFileSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';

const FILES = ['audit.log', 'api.log', 'app.log'];

/**
 * @typedef {object} RecordFile
 * @property {string} name
 * @property {string} text
 * @property {any[]} records one a line
 */

/** Removes the files of an earlier run, and what was rotated away. */
export function removeRecords(directory) {
  for (const name of readdirSync(directory)) {
    if (/^(?:audit|api|app)\b.*\.log\b/.test(name)) rmSync(path.join(directory, name));
  }
}

/** @returns {RecordFile[]} */
export function readRecords(directory) {
  return FILES.map((name) => {
    const text = readFileSync(path.join(directory, name), 'utf8');
    return { name: path.join(path.basename(directory), name), text, records: text.trimEnd().split('\n').map(parse) };
  });
}

function parse(line) {
  return line === '' ? {} : JSON.parse(line);
}
