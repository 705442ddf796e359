import { type Origin, currentOrigin } from '../context/origin.ts';
import { emit } from '../event/emit.ts';
import type { ModelEvent, Outcome } from '../event/event.ts';
import { guard } from '../event/guard.ts';
import { type ModelDraft, modelEvent } from '../event/model-event.ts';
import { type Redactor, createRedactor } from '../event/redact.ts';
import type { ApiLoggerProvider } from '../vendor/opentelemetry.ts';
import { errorText } from './sequelize-error.ts';
import { type Place, placeIn } from './sequelize-journal.ts';
import type { TransactionShape } from './sequelize-shape.ts';

/** What is known of a statement when it has ended. */
export interface Told extends Omit<ModelDraft, 'transactionId'> {
  readonly outcome?: Outcome;
}

/** Turns what happened to one Sequelize instance into records. Two copies of this package may share one. */
export interface Recorder {
  /** False while recording is switched off. */
  readonly active: boolean;
  readonly reads: boolean;
  readonly redactor: Redactor;
  /**
   * A change is emitted when its outermost transaction has committed; a look and a failure at once. Never throws.
   *
   * @param place where it stands in the transaction. @default the next place
   */
  record(told: Told, transaction: TransactionShape | undefined, place?: Place): void;
}

export interface RecorderOptions {
  /** @default createRedactor() */
  readonly redactor?: Redactor;
  /** @default true */
  readonly reads?: boolean;
  /** @default Date.now */
  readonly now?: () => number;
  readonly isActive: () => boolean;
  readonly provider: () => ApiLoggerProvider | undefined;
}

export function createRecorder(options: RecorderOptions): Recorder {
  const { redactor = createRedactor(), reads = true, now = Date.now, isActive, provider } = options;
  const send = (event: ModelEvent, origin: Origin): void => emit(event, origin, provider());
  return {
    redactor,
    reads,
    get active() {
      return isActive();
    },
    record(told, transaction, place) {
      guard('recording a change', () => {
        const origin = currentOrigin(now);
        const event = modelEvent({ ...told, transactionId: transaction?.id }, origin, redactor);
        if (!transaction || event.event_type === 'READ' || event.outcome === 'failure') {
          send(event, origin);
          return;
        }
        (place ?? placeIn(transaction)).hold((outcome, error) => {
          guard('recording a change', () =>
            send(outcome === 'success' ? event : unknown(event, error, redactor), origin),
          );
        });
      });
    },
  };
}

function unknown(event: ModelEvent, error: unknown, redactor: Redactor): ModelEvent {
  return { ...event, outcome: 'unknown', error_message: redactor.text(errorText(error)) };
}
