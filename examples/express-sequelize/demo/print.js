import { inspect, styleText } from 'node:util';

const WIDTH = 100;
const MAX_PROBLEMS = 10;
const colors = process.stdout.hasColors?.() ?? false;

/** @param {string} title */
export function printHeading(title) {
  print('', paint('bold', `── ${title} ${'─'.repeat(Math.max(0, WIDTH - title.length - 4))}`));
}

export function printChapters(chapters) {
  for (const { title, steps } of chapters) {
    print('', `  ${paint('bold', title)}`);
    for (const step of steps) printStep(step);
  }
}

function printStep({ who, what, method, target, status }) {
  const request = `${method.padEnd(6)} ${target}`;
  const shown = request.length > 38 ? `${request.slice(0, 37)}…` : request;
  print(`  ${paint(status < 400 ? 'green' : 'yellow', String(status))}  ${shown.padEnd(38)}  ${who} ${what}`);
}

/** @param {string[]} lines what the application printed: a line a record, and its own */
export function printConsole(lines) {
  printHeading(`console: ${lines.length} lines`);
  for (const level of ['AUDIT', 'API', 'INFO', 'WARN']) {
    const line = lines.find((candidate) => candidate.startsWith(`${level} `)) ?? '';
    print(`  ${line.length > WIDTH - 2 ? `${line.slice(0, WIDTH - 3)}…` : line}`);
  }
}

/** Shown of each file: the first record that fits, for each. */
const SHOWN = {
  'audit.log': [
    ({ event_type: type, model }) => type === 'CREATE' && model === 'User',
    ({ event_type: type, changes }) => type === 'UPDATE' && changes?.status,
    ({ event_type: type }) => type === 'BULK_UPDATE',
  ],
  'api.log': [
    ({ request_repr: { method } }) => method === 'PUT',
    ({ response_repr: { status_code: status } }) => status === 422,
  ],
  'app.log': [({ level }) => level === 'INFO', ({ level }) => level === 'WARN', ({ level }) => level === 'ERROR'],
};

/** @param {import('./records.js').RecordFile[]} files */
export function printFiles(files) {
  for (const { name, records } of files) {
    printHeading(`${name}: ${records.length} lines`);
    print(`  ${tally(records)}`);
    for (const isShown of SHOWN[name.split(/[/\\]/).at(-1)]) printRecord(records.find(isShown));
  }
}

/** `20 CREATE, 12 READ` */
function tally(records) {
  const counts = new Map();
  for (const { event_type: type, request_type: requestType, level } of records) {
    const kind = type ?? requestType ?? level;
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return [...counts].map(([kind, count]) => `${count} ${kind}`).join(', ');
}

function printRecord(record) {
  if (!record) return;
  const text = inspect(record, { colors, compact: 3, breakLength: WIDTH - 4, depth: null, maxStringLength: 56 });
  print('', text.replace(/^/gm, '  '));
}

/** @param {import('./compare.js').Check[]} checks */
export function printChecks(checks) {
  printHeading('check');
  for (const { text, problems } of checks) {
    print(problems.length === 0 ? `  ${paint('green', '✓')} ${text}` : `  ${paint('red', '✗')} ${text}`);
    for (const problem of problems.slice(0, MAX_PROBLEMS)) print(`      ${problem}`);
    if (problems.length > MAX_PROBLEMS) print(`      and ${problems.length - MAX_PROBLEMS} more`);
  }
}

function paint(style, text) {
  return colors ? styleText(style, text) : text;
}

function print(...lines) {
  for (const line of lines) console.log(line);
}
