import type { IncomingOptions } from './capture/incoming-options.ts';
import type { LogThresholds } from './capture/log-levels.ts';
import type { BeforeImagesChoice, ModelChoices } from './capture/model-options.ts';
import type { OutgoingOptions } from './capture/outgoing-options.ts';
import type { RedactionOptions } from './event/redact.ts';
import type { Format } from './export/format.ts';
import type { Durability, PerStream, WhenUnavailable } from './export/policy.ts';
import type { Retention } from './export/retention.ts';
import type { Rotation } from './export/rotation.ts';
import { OPTION_RULES, type OptionRule, listOf } from './option-rules.ts';

/** What `auditInstrumentations` takes. */
export interface InstrumentationOptions extends IncomingOptions, OutgoingOptions {
  /** Record HTTP exchanges. @default true */
  readonly http?: boolean;
  /** Record the HTTP exchanges that go out, too. @default true */
  readonly outgoing?: boolean;
  /** Record what Sequelize does. @default true */
  readonly sequelize?: boolean;
  /** Record who signs in and out with Passport, and what becomes of the sessions of express-session. @default true */
  readonly logins?: boolean;
  /** Record what is looked at, not only what is changed. @default true */
  readonly reads?: boolean;
  /**
   * What is recorded of which Sequelize model: `{ Session: false, Article: { reads: false, exclude: ['pdf'] } }`. A model
   * can say it itself, as its option `audit`.
   *
   * @default {}
   */
  readonly models?: ModelChoices;
  /** Record the changes of a transaction that was rolled back, too, as failures. @default false */
  readonly recordRollbacks?: boolean;
  /**
   * Select rows before a statement changes several at once, and record each with its old values, at most 1,000 of one
   * statement, or as many as given.
   *
   * @default false
   */
  readonly beforeImages?: BeforeImagesChoice;
  /**
   * Record what `console` and `util.debuglog` print, what Node.js warns of, and uncaught errors; with `register` also what
   * pino, winston and bunyan are told.
   *
   * @default true
   */
  readonly logs?: boolean;
  /**
   * From which level on the records of which logger are written: `trace`, `debug`, `info`, `warn`, `error`, `fatal` or `off`,
   * by the logger's name or a part of it that ends before a dot, and `root` for all others; as a text `info, sequelize=warn`.
   *
   * @default { root: 'debug', console: 'trace' }
   */
  readonly levels?: LogThresholds;
  /** Record where in the application each app record was made. @default true */
  readonly callSites?: boolean;
  /** What is a secret beside the defaults, and what is none. */
  readonly redaction?: RedactionOptions;
}

/** What `activity-audit/register` takes: from a config file, and from the environment where a text can say it. */
export interface AuditOptions extends InstrumentationOptions {
  /** Where the files go, relative to the working directory. @default 'audit_logs' */
  readonly directory?: string;
  /** Permissions of the files. @default 0o600 */
  readonly fileMode?: number;
  /** Permissions of the directory, if it has to be made. @default 0o700 */
  readonly directoryMode?: number;
  /** When files are closed, and how they are compressed; as a text `daily, 100mb, gzip`. @default never */
  readonly rotation?: Rotation;
  /** Which closed files are kept; as a text `30 days, 10 gb, audit: 3650 days`. @default all */
  readonly retention?: Retention;
  /**
   * When an operation resolves that is recorded: `batch`, `os` (its record outlives the process) or `disk` (also a power
   * loss); as a text `disk`, or `audit: disk, api: os`.
   *
   * @default { audit: 'os', api: 'batch', app: 'batch' }
   */
  readonly durability?: PerStream<Durability>;
  /**
   * What is asked of an operation while its record can't be written: nothing (`open`), to wait (`block`), or not to be done
   * (`closed`); as a text `closed`, or `audit: closed, api: open`.
   *
   * @default 'open'
   */
  readonly whenUnavailable?: PerStream<WhenUnavailable>;
  /** How much of each stream waits in memory while it can't be written; as a text `8mb`. @default 8 MiB */
  readonly maxQueueBytes?: number;
  /** How long `block` has an operation wait. @default 5000 */
  readonly maxBlockMs?: number;
  /**
   * What a line looks like: `'seed'` has the keys of the original system, and ours; `'otlp'` is OTLP/JSON, as
   * OpenTelemetry's Collector reads it from files; `'ecs'` has the fields of the Elastic Common Schema.
   *
   * @default 'seed'
   */
  readonly format?: Format;
  /** Write the lines to stdout in place of files and of what `console` prints; each tells its stream. @default files */
  readonly redirect?: 'stdout';
  /** Each line tells the host and the process that wrote it. @default false */
  readonly processFields?: boolean;
  /** Print a line for each record on stdout. @default true */
  readonly console?: boolean;
}

/** A value that an option doesn't take, told where a person can mend it. */
export class OptionError extends TypeError {
  override readonly name = 'OptionError';

  /**
   * @param where where the value was given: `ACTIVITY_AUDIT_CONSOLE`, `option console in /app/audit.json`
   * @param expected what the option takes
   */
  constructor(where: string, expected: string, got: unknown) {
    super(`activity-audit: ${where}: expected ${expected}, got ${shown(got)}`);
  }
}

/**
 * Checks options that a person wrote. A text is read as in the environment, so that JSON can say `"fileMode": "640"`.
 *
 * @param where where they stand, for the error: `auditInstrumentations()`, a config file
 * @throws OptionError for the first option that is unknown or has a value it doesn't take
 */
export function checkOptions(options: unknown, where: string): AuditOptions {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new OptionError(where, 'an object of options', options);
  }
  const checked: Record<string, unknown> = {};
  for (const [name, given] of Object.entries(options)) {
    if (!isOption(name))
      throw new OptionError(where, `one of the options ${Object.keys(OPTION_RULES).join(', ')}`, name);
    if (given === undefined) continue;
    const { accepts, read } = OPTION_RULES[name];
    const value: unknown = typeof given === 'string' && !accepts(given) && read ? read(given) : given;
    check(name, value, `option ${name} in ${where}`);
    checked[name] = value;
  }
  return checked;
}

const PREFIX = 'ACTIVITY_AUDIT_';

/** Variables that say a part of an option. */
const REDACTION_VARIABLES = {
  ACTIVITY_AUDIT_REDACT_NAMES: 'names',
  ACTIVITY_AUDIT_REDACT_PATHS: 'paths',
  ACTIVITY_AUDIT_REDACT_URL_PATHS: 'urlPaths',
  ACTIVITY_AUDIT_REDACT_ALLOW: 'allow',
} as const;
const HASH_KEY_VARIABLE = 'ACTIVITY_AUDIT_HASH_KEY';

/** Read by register itself. */
export const CONFIG_VARIABLE = 'ACTIVITY_AUDIT_CONFIG';

/**
 * The options that the environment gives: `maxBodyBytes` is `ACTIVITY_AUDIT_MAX_BODY_BYTES`, and so on. An empty
 * variable counts as absent.
 *
 * @throws OptionError for a variable with our prefix that we don't know, or a value that its option doesn't take
 */
export function optionsFromEnvironment(env: Readonly<Record<string, string | undefined>>): AuditOptions {
  const options: Record<string, unknown> = {};
  const redaction: Record<string, unknown> = {};
  for (const [variable, text] of Object.entries(env)) {
    if (!variable.startsWith(PREFIX) || variable === CONFIG_VARIABLE || !text) continue;
    const part = (REDACTION_VARIABLES as Record<string, string | undefined>)[variable];
    if (part) redaction[part] = listOf(text);
    else if (variable === HASH_KEY_VARIABLE) redaction['hashKey'] = text;
    else Object.assign(options, optionFrom(variable, text));
  }
  return Object.keys(redaction).length > 0 ? { ...options, redaction } : options;
}

/** `over` wins over `under`; parts of `redaction` are taken from either. */
export function mergeOptions(under: AuditOptions, over: AuditOptions): AuditOptions {
  const redaction = under.redaction && over.redaction ? { ...under.redaction, ...over.redaction } : undefined;
  return { ...under, ...over, ...(redaction && { redaction }) };
}

function optionFrom(variable: string, text: string): Partial<Record<keyof AuditOptions, unknown>> {
  const name = variable
    .slice(PREFIX.length)
    .toLowerCase()
    .replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
  const read = isOption(name) ? OPTION_RULES[name].read : undefined;
  if (!isOption(name) || !read) throw new OptionError('the environment', `one of ${variables().join(', ')}`, variable);
  const value = read(text);
  check(name, value, variable);
  return { [name]: value };
}

function variables(): string[] {
  const readable = (Object.keys(OPTION_RULES) as (keyof AuditOptions)[]).filter((name) => OPTION_RULES[name].read);
  const named = readable.map((name) => PREFIX + name.replace(/[A-Z]/g, '_$&').toUpperCase());
  return [...named, ...Object.keys(REDACTION_VARIABLES), HASH_KEY_VARIABLE, CONFIG_VARIABLE];
}

function check(name: keyof AuditOptions, value: unknown, where: string): void {
  const { accepts, expected } = OPTION_RULES[name];
  if (!accepts(value)) throw new OptionError(where, expected, refusedPart(value, accepts));
}

/** Of a list or an object the item that is refused, which says more than all of it. */
function refusedPart(value: unknown, accepts: OptionRule['accepts']): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.find((item) => !accepts([item])) ?? value;
  const refused = Object.entries(value).find(([key, part]) => !accepts({ [key]: part }));
  return refused ? `${refused[0]}=${typeof refused[1] === 'string' ? refused[1] : shown(refused[1])}` : value;
}

function isOption(name: string): name is keyof AuditOptions {
  return Object.hasOwn(OPTION_RULES, name);
}

function shown(value: unknown): string {
  if (typeof value === 'string') return `${JSON.stringify(value)} (string)`;
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'an array' : 'an object';
  return `${String(value)}${value === null || value === undefined ? '' : ` (${typeof value})`}`;
}
