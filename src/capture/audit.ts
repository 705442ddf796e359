import type { ApplicationAction, Outcome } from '../event/event.ts';
import { guard } from '../event/guard.ts';
import { applicationRecorder } from './application-events.ts';
import { errorText } from './error-text.ts';
import { type KeyRules, expectKeys } from './expect-keys.ts';
import { failureText } from './sequelize-error.ts';
import { isInstalled } from './sequelize-install.ts';
import type { Told } from './sequelize-recorder.ts';
import type { TransactionShape } from './sequelize-shape.ts';

/** What the application did, as only it can tell: a report was exported, a permission was granted. */
export interface ApplicationEvent {
  /** A verb, `export` say: letters, digits, `_`, `-` and `.`, at most 64. The record has it in upper case. */
  readonly action: string;
  /** The kind of thing that it was done to. */
  readonly model?: string | undefined;
  /** Which one; the parts of a composite key as a list. */
  readonly instanceId?: InstanceId | readonly InstanceId[] | undefined;
  /** @default `EXPORT event for Report (id: 7)` */
  readonly message?: string | undefined;
  /** What it changed: `{field: [old, new]}`. */
  readonly changes?: Readonly<Record<string, readonly [before: unknown, after: unknown]>> | undefined;
  /** Anything else worth knowing, of any values. */
  readonly extra?: Readonly<Record<string, unknown>> | undefined;
  /** @default `failure` with an `error`, else `success` */
  readonly outcome?: Outcome | undefined;
  /** Why it failed. */
  readonly error?: unknown;
  /** A transaction of Sequelize that it is a part of: what is rolled back was not done. */
  readonly transaction?: object | null | undefined;
}

type InstanceId = string | number | bigint;

/**
 * Records what the application did beside its changes of rows, with the actor, the request and the trace of the work in
 * hand, redacted as all else. It is written at once; with a `transaction`, once that has committed, as its changes are.
 * Nothing is thrown for what becomes of the record.
 *
 * @example
 * audit({ action: 'export', model: 'Report', instanceId: report.id, extra: { format: 'pdf' } });
 *
 * @throws TypeError if the event isn't one: an unknown key, an action that is no name, an outcome that isn't known
 */
export function audit(event: ApplicationEvent): void {
  expectKeys('audit', event, RULES);
  const recorder = applicationRecorder();
  if (!recorder.active) return;
  const { transaction } = event;
  const told = toldOf(event);
  if (!transaction) recorder.record(told, undefined);
  else if (isRecorded(transaction as TransactionShape)) recorder.record(told, transaction as TransactionShape);
  else recorder.record(ofUnknownFate(told), undefined);
}

function toldOf({ action, model = '', instanceId, changes, error, ...event }: ApplicationEvent): Told {
  const failed = error !== undefined && error !== null;
  return {
    action: action.toUpperCase() as ApplicationAction,
    model,
    message: event.message,
    key: instanceId === undefined ? [] : [instanceId].flat(),
    changes: changes && differing(changes),
    extra: event.extra,
    outcome: event.outcome ?? (failed ? 'failure' : 'success'),
    errorMessage: failed ? (guard('reading an error', () => failureText(error)) ?? errorText(error)) : undefined,
  };
}

/** Undefined where nothing differs. */
function differing(changes: NonNullable<ApplicationEvent['changes']>): Told['changes'] {
  const { isDeepStrictEqual } = process.getBuiltinModule('node:util');
  const different = Object.entries(changes).filter(
    ([, [before, after]]) => !guard('comparing values', () => isDeepStrictEqual(before, after)),
  );
  return different.length > 0 ? different.map(([field, [before, after]]) => [field, before, after]) : undefined;
}

/** Whether what becomes of the transaction is followed. */
function isRecorded({ sequelize }: TransactionShape & { readonly sequelize?: unknown }): boolean {
  return typeof sequelize === 'object' && sequelize !== null && isInstalled(sequelize);
}

function ofUnknownFate(told: Told): Told {
  if (told.outcome === 'failure') return told;
  return { ...told, outcome: 'unknown', errorMessage: 'Nobody follows the transaction, which may be rolled back' };
}

const NAME = /^[\w.-]{1,64}$/;

const RULES: KeyRules<ApplicationEvent> = {
  action: ['a name of at most 64 letters, digits, "_", "-" and "."', (value) => isText(value) && NAME.test(value)],
  model: ['a text', optional(isText)],
  instanceId: ['a text, a number, a bigint, or a list of them', optional((value) => [value].flat().every(isId))],
  message: ['a text', optional(isText)],
  changes: ['an object of [old, new]', optional((value) => isObject(value) && Object.values(value).every(isPair))],
  extra: ['an object', optional(isObject)],
  outcome: ['success, failure or unknown', optional((value) => OUTCOMES.has(value))],
  error: ['anything', () => true],
  transaction: ['a transaction of Sequelize', optional((value) => value === null || isTransaction(value))],
};

const OUTCOMES: ReadonlySet<unknown> = new Set<Outcome>(['success', 'failure', 'unknown']);

function optional(is: (value: unknown) => boolean): (value: unknown) => boolean {
  return (value) => value === undefined || is(value);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function isId(value: unknown): boolean {
  return isText(value) || Number.isFinite(value) || typeof value === 'bigint';
}

function isPair(value: unknown): boolean {
  return Array.isArray(value) && value.length === 2;
}

function isTransaction(value: unknown): boolean {
  const { id, commit } = Object(value) as { readonly id?: unknown; readonly commit?: unknown };
  return isText(id) && typeof commit === 'function';
}
