import { type Origin, currentOrigin } from '../context/origin.ts';
import { emit } from '../event/emit.ts';
import type { ModelAction, ModelEvent, Outcome } from '../event/event.ts';
import { guard } from '../event/guard.ts';
import { type ModelDraft, modelEvent } from '../event/model-event.ts';
import { type Redactor, createRedactor } from '../event/redact.ts';
import type { ApiLoggerProvider } from '../vendor/opentelemetry.ts';
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
  /** Which rows are to be selected before they are changed; undefined for none. */
  imagesOf(model: string): ImageRules | undefined;
  /**
   * A change is emitted when its outermost transaction has ended, or the process has; a look and a failure at once. Never
   * throws.
   *
   * @param place where it stands in the transaction. @default the next place
   */
  record(told: Told, transaction: TransactionShape | undefined, place?: Place): void;
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
  const send = (event: ModelEvent, origin: Origin): void => emit(event, origin, provider());
  return {
    get mayRead() {
      return reads || rules.readsSome;
    },
    learn: (model) => rules.learn(model),
    imagesOf: (model) => rules.imagesOf(model, beforeImages),
    get active() {
      return isActive();
    },
    record(ended, transaction, place) {
      guard('recording a change', () => {
        const told = rules.shown(ended, reads);
        if (!told) return;
        const origin = currentOrigin(now);
        const eventOf = (one: Told): ModelEvent =>
          modelEvent({ ...one, transactionId: transaction?.id }, origin, redactor);
        const tell = (event: ModelEvent): void => send(event, origin);
        const parts = told.parts?.map(eventOf);
        const isOpen = transaction && told.action !== 'READ' && told.outcome !== 'failure';
        if (!isOpen) for (const event of parts ?? [eventOf(told)]) tell(event);
        else (place ?? placeIn(transaction)).hold(held(eventOf(told), tell, parts));
      });
    },
  };

  /** @param parts told in place of `event`, unless they were undone or are too many */
  function held(event: ModelEvent, tell: (event: ModelEvent) => void, parts = [event]): Held {
    const rows = rowsOf(event);
    const tellAs = (known: ModelEvent, fate: Fate, error: unknown): void => {
      if (fate === 'rollback' && !recordRollbacks) return;
      guard('recording a change', () => tell(fate === 'commit' ? known : notDone(known, fate, error, redactor)));
    };
    const tellEach = (fate: Fate, error: unknown): void => {
      for (const known of fate === 'rollback' ? [event] : parts) tellAs(known, fate, error);
    };
    return {
      tell: tellEach,
      kind: `${event.event_type} ${event.model} ${event.actor_id} ${event.request_id}`,
      rows,
      tellAll: (all, fate, error) => (all === rows ? tellEach(fate, error) : tellAs(together(event, all), fate, error)),
    };
  }
}

function rowsOf({ extra }: ModelEvent): number {
  const { total_count: count } = extra;
  return typeof count === 'number' ? count : 1;
}

/** One record of many changes, of which `event` is the first. */
function together(event: ModelEvent, rows: number): ModelEvent {
  const action = BULK[event.event_type] ?? event.event_type;
  return {
    ...event,
    message: `${action} event for ${event.model}`,
    event_type: action,
    instance_id: '',
    instance_repr: {},
    changes: undefined,
    extra: { total_count: rows, truncated: true },
  };
}

const BULK: Partial<Record<ModelAction, ModelAction>> = {
  CREATE: 'BULK_CREATE',
  UPDATE: 'BULK_UPDATE',
  DELETE: 'BULK_DELETE',
  RESTORE: 'BULK_RESTORE',
};

function notDone(event: ModelEvent, fate: 'rollback' | 'unknown', error: unknown, redactor: Redactor): ModelEvent {
  const reason = error === undefined ? 'The transaction was rolled back' : redactor.text(failureText(error));
  return { ...event, outcome: fate === 'rollback' ? 'failure' : 'unknown', error_message: reason };
}
