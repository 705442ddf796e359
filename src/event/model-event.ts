import type { Origin } from '../context/origin.ts';
import { changedPaths, valueAt } from './changed-paths.ts';
import type { Changes, Json, JsonObject, ModelEvent, Outcome } from './event.ts';
import type { JsonText } from './json-text.ts';
import { onBehalfOf } from './on-behalf-of.ts';
import type { Redactor } from './redact.ts';
import { LABELS } from './secrets.ts';
import { tail, userId } from './tail.ts';
import { timestamp } from './timestamp.ts';

/** What a capture knows of one change of a model, in the application's own values: not redacted, not copied. */
export interface ModelDraft {
  /** The Sequelize model's name; for raw SQL the table, `""` if unknown. */
  readonly model: string;
  readonly action: ModelEvent['event_type'];
  /** By default it is made of the action, the model and the key. */
  readonly message?: string | undefined;
  /** The primary key's values; none for several rows. */
  readonly key?: readonly unknown[];
  /** The row after the change, before it for a delete. */
  readonly row?: object | undefined;
  /** Fields that differ: `[field, old, new]`; of a JSON object, the record tells where. */
  readonly changes?: readonly (readonly [field: string, before: unknown, after: unknown])[] | undefined;
  readonly extra?: object | undefined;
  readonly transactionId?: string | undefined;
  readonly outcome?: Outcome;
  readonly errorMessage?: string | undefined;
}

/** The record of one change of a model: a redacted copy, which later changes of the row don't reach. */
export function modelEvent(draft: ModelDraft, origin: Origin, redactor: Redactor): ModelEvent<JsonText> {
  const { model, action } = draft;
  const id = instanceId(draft.key);
  const end = tail(origin, draft.outcome ?? 'success');
  const { outcome, actor_id, actor_type, request_id, trace_id, span_id, service_name, record_id, schema_version } = end;
  return {
    timestamp: timestamp(origin.time),
    level: 'AUDIT',
    name: 'audit.model',
    message: draft.message === undefined ? messageOf(action, model, id) : redactor.text(draft.message),
    model,
    event_type: action,
    instance_id: id,
    instance_repr: draft.row ? redactor.objectText(draft.row, model) : {},
    user_id: userId(origin),
    user_info: redactor.objectText(origin.actor.info, 'user_info'),
    extra: extraRepr(draft, origin, redactor),
    changes: draft.changes && redactChanges(draft.changes, draft, redactor),
    transaction_id: draft.transactionId,
    error_message: draft.errorMessage === undefined ? undefined : redactor.text(draft.errorMessage),
    outcome,
    actor_id,
    actor_type,
    request_id,
    trace_id,
    span_id,
    service_name,
    record_id,
    schema_version,
  };
}

/** What a record says in words. */
export function messageOf(action: string, model: string, id = ''): string {
  return `${action} event${model === '' ? '' : ` for ${model}`}${id === '' ? '' : ` (id: ${id})`}`;
}

function extraRepr(draft: ModelDraft, { actor, migration }: Origin, redactor: Redactor): JsonObject | JsonText {
  const { extra = {}, model } = draft;
  if (!actor.onBehalfOf && migration === undefined) return redactor.objectText(extra, model);
  return {
    ...redactor.object(extra, model),
    ...(actor.onBehalfOf && { on_behalf_of: onBehalfOf(actor.onBehalfOf, redactor) }),
    ...(migration !== undefined && { migration: redactor.text(migration) }),
  };
}

function redactChanges(
  changes: NonNullable<ModelDraft['changes']>,
  draft: ModelDraft,
  redactor: Redactor,
): Changes | JsonText {
  return redactor.pairsText(changes) ?? redactedChanges(changes, draft, redactor);
}

function redactedChanges(
  changes: NonNullable<ModelDraft['changes']>,
  { model, row }: ModelDraft,
  redactor: Redactor,
): Changes {
  const labels = labelsIn(row);
  const side = (at: 1 | 2): object => Object.fromEntries(changes.map((change) => [change[0], change[at]]));
  const shownBefore = redactor.object({ ...labels, ...side(1) }, model);
  const shownAfter = redactor.object({ ...labels, ...side(2) }, model);
  const shown: [field: string, [Json, Json]][] = [];
  for (const [field, before, after] of changes) {
    const name = redactor.text(field);
    for (const path of shownPaths(before, after, redactor)) {
      const old = valueAt(shownBefore[name], path);
      const now = valueAt(shownAfter[name], path);
      // Neither is there where a rule has removed it.
      if (old !== undefined || now !== undefined)
        shown.push([[name, ...path].join('.'), [(old ?? null) as Json, (now ?? null) as Json]]);
    }
  }
  return Object.fromEntries(shown);
}

/** What says that a change of `value` is one of a secret may not have changed itself. */
function labelsIn(row: object | undefined): object {
  return Object.fromEntries(Object.entries(row ?? {}).filter(([name]) => LABELS.includes(name)));
}

/** A name in there may be a secret itself, and has another name in the copy that is shown. */
function shownPaths(before: unknown, after: unknown, redactor: Redactor): readonly (readonly string[])[] {
  const paths = changedPaths(before, after);
  const isTelling = paths?.some((path) => path.some((name) => redactor.text(name) !== name));
  return paths && !isTelling ? paths : [[]];
}

/** A key as one string; several keys, and keys that the database has yet to give, are `""`. */
export function instanceId(key: readonly unknown[] | undefined): string {
  if (!key || key.length === 0 || key.some((part) => part === undefined || part === null)) return '';
  return key.map(keyText).join(',');
}

function keyText(part: unknown): string {
  if (part instanceof Date) return part.toISOString();
  if (Buffer.isBuffer(part)) return part.toString('hex');
  return String(part);
}

/** The CRUD verb of an action, for `audit.action`. */
export function verbOf(action: ModelEvent['event_type']): string {
  const verb = action.replace('BULK_', '');
  switch (verb) {
    case 'UPSERT':
    case 'RESTORE':
      return 'UPDATE';
    case 'TRUNCATE':
      return 'DELETE';
    default:
      return verb;
  }
}
