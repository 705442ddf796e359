import { type Origin, currentOrigin } from '../context/origin.ts';
import { emit } from '../event/emit.ts';
import type { JsonObject, ModelAction, ModelEvent, Outcome } from '../event/event.ts';
import { guard } from '../event/guard.ts';
import { JsonText } from '../event/json-text.ts';
import { type ModelDraft, messageOf, modelEvent } from '../event/model-event.ts';
import { type Redactor, createRedactor } from '../event/redact.ts';
import type { ApiLoggerProvider } from '../vendor/opentelemetry.ts';
import type { Coverage } from './sequelize-coverage.ts';
import { failureText } from './sequelize-error.ts';
import type { BeforeImagesChoice, ModelChoices } from './model-options.ts';
import { placeIn } from './sequelize-journal.ts';
import { ModelRules } from './sequelize-models.ts';
import type { Fate, Held, Place } from './sequelize-place.ts';
import type { ImageRules } from './sequelize-select-before.ts';
import type { ModelShape, TransactionShape } from './sequelize-shape.ts';

/** What is known of a statement when it has ended. */
export interface Told extends Omit<ModelDraft, 'transactionId'> {
  readonly outcome?: Outcome;
  /** What it did to each row: recorded in its place, once it is done. */
  readonly parts?: readonly Told[];
}

/** Turns what happened to one Sequelize instance into records. Two copies of this package may share one. */
export interface Recorder {
  /** False while recording is switched off. */
  readonly active: boolean;
  /** Whether what is looked at is recorded, of any model. */
  readonly mayRead: boolean;
  /** To be called for each model, when it has been defined. */
  learn(model: ModelShape): void;
  /** Whether changes of a model, or of a table, have no record, as the options say so. */
  leavesOut(model: string): boolean;
  /** Which rows are to be selected before they are changed; undefined for none. */
  imagesOf(model: string): ImageRules | undefined;
  /**
   * A change is emitted when its outermost transaction has ended, or the process has; a look and a failure at once. Never
   * throws.
   *
   * @param place where it stands in the transaction. @default the next place
   * @returns `left_out` where the options say so, `unexplained` where it couldn't be recorded
   */
  record(told: Told, transaction: TransactionShape | undefined, place?: Place): Coverage;
}

export interface RecorderOptions {
  /** @default createRedactor() */
  readonly redactor?: Redactor;
  /** @default true */
  readonly reads?: boolean | undefined;
  /** @default Date.now */
  readonly now?: () => number;
  /** @default {} */
  readonly models?: ModelChoices | undefined;
  /** @default false */
  readonly recordRollbacks?: boolean | undefined;
  /** @default false */
  readonly beforeImages?: BeforeImagesChoice | undefined;
  readonly isActive: () => boolean;
  readonly provider: () => ApiLoggerProvider | undefined;
}

export function createRecorder(options: RecorderOptions): Recorder {
  const { redactor = createRedactor(), reads = true, recordRollbacks = false, now = Date.now } = options;
  const { models = {}, beforeImages = false, isActive, provider } = options;
  const rules = new ModelRules(models, redactor);
  const send = (event: ModelEvent<JsonText>, origin: Origin): void => emit(event, origin, provider());
  return {
    get mayRead() {
      return reads || rules.readsSome;
    },
    learn: (model) => rules.learn(model),
    leavesOut: (model) => rules.leavesOut(model),
    imagesOf: (model) => rules.imagesOf(model, beforeImages),
    get active() {
      return isActive();
    },
    record(ended, transaction, place) {
      const recorded = guard('recording a change', (): Coverage => {
        const told = rules.shown(ended, reads);
        if (!told) return 'left_out';
        const origin = currentOrigin(now);
        const eventOf = (one: Told): ModelEvent<JsonText> =>
          modelEvent({ ...one, transactionId: transaction?.id }, origin, redactor);
        const tell = (event: ModelEvent<JsonText>): void => send(event, origin);
        const isOpen = transaction && told.action !== 'READ' && told.outcome !== 'failure';
        const parts = told.parts?.map(eventOf);
        if (isOpen) (place ?? placeIn(transaction)).hold(held(eventOf(told), rowsIn(told), tell, parts));
        else for (const event of parts ?? [eventOf(told)]) tell(event);
        return 'explained';
      });
      return recorded ?? 'unexplained';
    },
  };

  /** @param parts told in place of `event`, unless they were undone or are too many */
  function held(
    event: ModelEvent<JsonText>,
    rows: number,
    tell: (event: ModelEvent<JsonText>) => void,
    parts: readonly ModelEvent<JsonText>[] = [event],
  ): Held {
    const tellAs = (known: ModelEvent<JsonText>, fate: Fate, error: unknown): void => {
      if (fate === 'rollback' && !recordRollbacks) return;
      guard('recording a change', () => tell(fate === 'commit' ? known : notDone(known, fate, error, redactor)));
    };
    const tellEach = (fate: Fate, error: unknown): void => {
      for (const known of fate === 'rollback' ? [event] : parts) tellAs(known, fate, error);
    };
    return {
      tell: tellEach,
      get kind() {
        return kindOf(event);
      },
      rows,
      tellAll: (all, fate, error) => (all === rows ? tellEach(fate, error) : tellAs(together(event, all), fate, error)),
    };
  }
}

function rowsIn({ extra }: Told): number {
  const { total_count: count } = (extra ?? {}) as { readonly total_count?: unknown };
  return typeof count === 'number' ? count : 1;
}

/** Changes that differ in nothing else than their rows. */
function kindOf({
  event_type: action,
  model,
  actor_id: actor,
  request_id: request,
  extra,
}: ModelEvent<JsonText>): string {
  return [action, model, actor, request, JSON.stringify(originIn(extra))].join(' ');
}

/** What a change's `extra` tells of where it comes from: that is never held as a text. */
function originIn(extra: ModelEvent<JsonText>['extra']): JsonObject {
  if (extra instanceof JsonText) return {};
  const { on_behalf_of, migration } = extra;
  return { ...(on_behalf_of !== undefined && { on_behalf_of }), ...(migration !== undefined && { migration }) };
}

/** One record of many changes, of which `event` is the first. */
function together(event: ModelEvent<JsonText>, rows: number): ModelEvent<JsonText> {
  const action = BULK[event.event_type] ?? event.event_type;
  return {
    ...event,
    message: messageOf(action, event.model),
    event_type: action,
    instance_id: '',
    instance_repr: {},
    changes: undefined,
    extra: { ...originIn(event.extra), total_count: rows, truncated: true },
  };
}

const BULK: Partial<Record<ModelEvent['event_type'], ModelAction>> = {
  CREATE: 'BULK_CREATE',
  UPDATE: 'BULK_UPDATE',
  DELETE: 'BULK_DELETE',
  RESTORE: 'BULK_RESTORE',
};

function notDone(
  event: ModelEvent<JsonText>,
  fate: 'rollback' | 'unknown',
  error: unknown,
  redactor: Redactor,
): ModelEvent<JsonText> {
  const reason = error === undefined ? 'The transaction was rolled back' : redactor.text(failureText(error));
  return { ...event, outcome: fate === 'rollback' ? 'failure' : 'unknown', error_message: reason };
}
