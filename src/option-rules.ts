import { clientAddress } from './capture/client-address.ts';
import { isThresholds, readThresholds } from './capture/log-levels.ts';
import { MAX_BEFORE_IMAGES, isBeforeImagesChoice, isModelChoice } from './capture/model-options.ts';
import type { AuditOptions } from './options.ts';
import { STREAMS } from './export/stream.ts';
import { bytesOf, isRetention, isRotation, readRetention, readRotation } from './rotation-texts.ts';

/** What an option takes. */
export interface OptionRule {
  readonly expected: string;
  readonly accepts: (value: unknown) => boolean;
  /** Reads the option from a text of the environment; absent where no text can say it. */
  readonly read?: (text: string) => unknown;
}

const FLAG = {
  expected: 'true or false',
  accepts: (value: unknown) => typeof value === 'boolean',
  read: (text: string) => ({ true: true, '1': true, false: false, '0': false })[text.toLowerCase()] ?? text,
};

const REQUEST_FUNCTION = functionOf('the request');

const MODE: OptionRule = {
  expected: 'file permissions from 0 to 0o777, as a text in octal digits such as "640"',
  accepts: (value) => isWhole(value, 0, 0o777),
  read: (text) => (/^(?:0o)?[0-7]{1,4}$/.test(text) ? Number.parseInt(text.replace('0o', ''), 8) : text),
};

const MAX_BODY_BYTES_LIMIT = 16 * 1024 * 1024;

/** Longer, nobody waits for a database or a response. */
const MAX_BLOCK_MS_LIMIT = 10 * 60 * 1000;

export const OPTION_RULES: { readonly [name in keyof AuditOptions]-?: OptionRule } = {
  http: FLAG,
  outgoing: FLAG,
  sequelize: FLAG,
  logins: FLAG,
  reads: FLAG,
  recordRollbacks: FLAG,
  beforeImages: {
    expected: `true, false, or a whole number of rows from 1 to ${MAX_BEFORE_IMAGES}`,
    accepts: isBeforeImagesChoice,
    read: (text) => (/^\d+$/.test(text) && text !== '0' && text !== '1' ? Number(text) : FLAG.read(text)),
  },
  models: {
    expected:
      'an object with, for each model, false or { reads: true or false, sensitive: […], exclude: […], beforeImages: true, false or a number }',
    accepts: (value) => isObjectOf(value, (_, part) => isModelChoice(part)),
  },
  logs: FLAG,
  levels: {
    expected:
      'trace, debug, info, warn, error, fatal or off, one for a logger, such as "info, sequelize=warn", or in code {root, sequelize}',
    accepts: isThresholds,
    read: (text) => readThresholds(listOf(text)) ?? text,
  },
  callSites: FLAG,
  console: FLAG,
  maxBodyBytes: {
    expected: `a whole number of bytes from 0 to ${MAX_BODY_BYTES_LIMIT}`,
    accepts: (value) => isWhole(value, 0, MAX_BODY_BYTES_LIMIT),
    read: (text) => (/^\d+$/.test(text) ? Number(text) : text),
  },
  directory: {
    expected: 'the path of a directory',
    accepts: (value) => typeof value === 'string' && value !== '' && !value.includes('\0'),
    read: (text) => text,
  },
  fileMode: MODE,
  directoryMode: MODE,
  rotation: {
    expected:
      'daily, hourly, a size such as 100mb, or both, and gzip, zstd or uncompressed: "daily, 100mb", or in code {every, maxBytes, compress}',
    accepts: isRotation,
    read: (text) => readRotation(listOf(text)) ?? text,
  },
  retention: {
    expected:
      'days, files, bytes, or several, each for api and app or for the stream before it: "30 days, 100 files, 10gb, audit: 3650 days", or in code {days, files, bytes, audit: {…}}',
    accepts: isRetention,
    read: (text) => readRetention(listOf(text)) ?? text,
  },
  durability: perStream('batch', 'os', 'disk'),
  whenUnavailable: perStream('open', 'block', 'closed'),
  maxQueueBytes: {
    expected: 'a size such as 8mb, or in code a whole number of bytes',
    accepts: (value) => isWhole(value, 0, Number.MAX_SAFE_INTEGER),
    read: (text) => bytesOf(text) ?? text,
  },
  maxBlockMs: {
    expected: `a whole number of milliseconds from 0 to ${MAX_BLOCK_MS_LIMIT}`,
    accepts: (value) => isWhole(value, 0, MAX_BLOCK_MS_LIMIT),
    read: (text) => (/^\d+$/.test(text) ? Number(text) : text),
  },
  format: oneOf('seed', 'otlp', 'ecs'),
  redirect: oneOf('stdout'),
  processFields: FLAG,
  redaction: { expected: 'an object', accepts: (value) => typeof value === 'object' && value !== null },
  userOf: REQUEST_FUNCTION,
  ignorePaths: patterns('paths that begin with / or *', /^[/*]/),
  ignoreIncomingRequestHook: REQUEST_FUNCTION,
  ignoreOutgoingUrls: patterns('URLs that begin with http://, https:// or *', /^(?:https?:\/\/|\*)/),
  ignoreOutgoingRequestHook: REQUEST_FUNCTION,
  requestHook: REQUEST_FUNCTION,
  responseHook: functionOf('the response'),
  captureBodies: choice('media types', (name) => name.includes('/')),
  captureHeaders: choice('header names', (name) => /^[\w*.-]+$/.test(name)),
  trustProxy: {
    expected: 'true, false, a number of proxies, or addresses, subnets, loopback, linklocal, uniquelocal',
    accepts: isTrustProxy,
    read: (text) =>
      /^(?:true|false)$/i.test(text) ? text.toLowerCase() === 'true' : /^\d+$/.test(text) ? Number(text) : listOf(text),
  },
  peerNames: {
    expected:
      'names of hosts, such as api.example.com=billing, *.internal:8080=stock, in which * is any run of characters',
    accepts: (value) => isObjectOf(value, (host, name) => isHost(host) && isText(name)),
    read: (text) => pairsOf(text),
  },
  forwardRequestId: {
    expected:
      'true, false, or a list of hosts, such as api.example.com, *.internal:8080, in which * is any run of characters',
    accepts: (value) => FLAG.accepts(value) || isListOf(value, isHost),
    read: (text) => (typeof FLAG.read(text) === 'boolean' ? FLAG.read(text) : listOf(text)),
  },
};

/** @returns the items of a list in a text, which commas part */
export function listOf(text: string): string[] {
  return text
    .split(',')
    .map((item) => item.trim())
    .filter(Boolean);
}

/** `a=b,c=d` as an object; what is none stays a text. */
function pairsOf(text: string, separator = /\s*=\s*(.*)/): unknown {
  const pairs = listOf(text).map((item) => item.split(separator, 2));
  return pairs.every((pair) => pair.length === 2) ? Object.fromEntries(pairs) : text;
}

/** One word for all streams, or one for each. */
function perStream(...words: string[]): OptionRule {
  const isWord = (value: unknown): boolean => words.includes(value as string);
  return {
    expected: `${words.slice(0, -1).join(', ')} or ${words.at(-1)}, or one for a stream, such as "audit: ${words.at(-1)}, api: ${words[0]}", or in code {audit, api, app}`,
    accepts: (value) => isWord(value) || isObjectOf(value, (stream, part) => isStream(stream) && isWord(part)),
    read: (text) => (text.includes(':') ? pairsOf(text.toLowerCase(), /\s*:\s*(.*)/) : text.toLowerCase()),
  };
}

function isStream(value: string): boolean {
  return (STREAMS as readonly string[]).includes(value);
}

function functionOf(what: string): OptionRule {
  return { expected: `a function of ${what}`, accepts: (value) => typeof value === 'function' };
}

function oneOf(...words: readonly string[]): OptionRule {
  return {
    expected: words.join(', ').replace(/, (\w+)$/, ' or $1'),
    accepts: (value) => words.includes(value as string),
    read: (text) => text.toLowerCase(),
  };
}

function patterns(what: string, pattern: RegExp): OptionRule {
  return {
    expected: `a list of ${what}, in which * is any run of characters, and of regular expressions`,
    accepts: (value) => isListOf(value, (item) => item instanceof RegExp || (isText(item) && pattern.test(item))),
    read: listOf,
  };
}

const DIRECTIONS: ReadonlySet<unknown> = new Set(['incoming', 'outgoing']);
const CHOICES: ReadonlySet<unknown> = new Set(['all', 'none', 'request', 'response']);

function choice(names: string, isName: (name: string) => boolean): OptionRule {
  const isChoice = (value: unknown): boolean =>
    CHOICES.has(value) || isListOf(value, (name) => isText(name) && isName(name));
  const isWord = (value: unknown): boolean => CHOICES.has(value) || DIRECTIONS.has(value);
  return {
    expected: `all, none, request, response, incoming, outgoing, or a list of ${names}, in which * is any run of characters, or in code {incoming, outgoing} with one of these for each`,
    accepts: (value) =>
      isWord(value) ||
      isChoice(value) ||
      isObjectOf(value, (direction, part) => DIRECTIONS.has(direction) && isChoice(part)),
    read: (text) => (isWord(text.toLowerCase()) ? text.toLowerCase() : listOf(text)),
  };
}

function isWhole(value: unknown, from: number, to: number): boolean {
  return Number.isInteger(value) && (value as number) >= from && (value as number) <= to;
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

/** A host, an address, or one in brackets, with or without a port. */
function isHost(value: unknown): boolean {
  return isText(value) && /^(?:\[[\da-f:.*]+\]|[\w.*-]+)(?::[\d*]+)?$/i.test(value);
}

function isListOf(value: unknown, isItem: (item: unknown) => boolean): boolean {
  return Array.isArray(value) && value.every(isItem);
}

function isObjectOf(value: unknown, isEntry: (key: string, part: unknown) => boolean): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return Object.entries(value).every(([key, part]) => isEntry(key, part));
}

function isTrustProxy(value: unknown): boolean {
  if (typeof value === 'boolean') return true;
  if (typeof value === 'number') return isWhole(value, 0, Number.MAX_SAFE_INTEGER);
  if (!isText(value) && !isListOf(value, isText)) return false;
  try {
    clientAddress(value as string | string[]);
    return true;
  } catch {
    return false;
  }
}
