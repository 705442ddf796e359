import { guard } from '../event/guard.ts';
import { mark } from './mark.ts';
import { type Ended, isPromise, observed } from './sequelize-around.ts';
import { failureText } from './sequelize-error.ts';
import type { Doors } from './sequelize-major.ts';
import type { Told } from './sequelize-recorder.ts';
import { keyOf, storedAttributes, storedRow } from './sequelize-row.ts';
import type { InstanceShape, OptionsShape } from './sequelize-shape.ts';
import { wrapMethod } from './wrap-method.ts';

/** Is told of a write that validation rejected: what was to be written, and why it was not. */
export type TellRejected = (sequelize: object, rejected: Told, options: OptionsShape) => void;

/** Shared by all copies of this package in a process. */
const WATCHED = Symbol.for('activity-audit.sequelize-validation.1');

/**
 * Watches the validation of all instances of one copy of Sequelize. What it rejects never reaches the query interface, and
 * the hook `validationFailed` doesn't tell of all: not without hooks, nor after a hook of the application that throws.
 */
export function watchValidation({ basePrototype, shapeOf }: Doors, tellRejected: TellRejected): void {
  if (!mark(basePrototype, WATCHED)) return;
  const wrap = (original: (...args: unknown[]) => unknown): object =>
    function (this: Validated, ...args: [OptionsShape?]): unknown {
      const validating = Reflect.apply(original, this, args);
      const [options] = args;
      // A bare `instance.validate()` writes nothing.
      if (options?.validate !== true || !isPromise(validating)) return validating;
      const ended = guard('watching a validation', () => watched(this, options, shapeOf, tellRejected));
      return ended ? observed(validating, ended) : validating;
    };
  wrapMethod(basePrototype, 'validate', wrap, false);
}

/** An instance of any major version. */
interface Validated {
  readonly constructor: { readonly sequelize?: object };
}

function watched(
  validated: Validated,
  options: OptionsShape,
  shapeOf: Doors['shapeOf'],
  tellRejected: TellRejected,
): (outcome: Ended) => void {
  const { sequelize } = validated.constructor;
  const tell = (rejected: Told): void => {
    if (sequelize) tellRejected(sequelize, rejected, options);
  };
  if (isOfMany(options)) return batchOf(options).added(shapeOf(validated), tell);
  return ({ failed, error }) => {
    if (!failed) return;
    const instance = shapeOf(validated);
    const { constructor: model } = instance;
    const row = storedRow(instance, instance.dataValues);
    const isUpsert = options.instance === (validated as object);
    const action = isUpsert ? 'UPSERT' : rejectedAction(instance, options);
    const key = action === 'BULK_UPDATE' ? [] : keyOf(row, model);
    tell({ model: model.name, action, key, row, errorMessage: failureText(error) });
  };
}

function rejectedAction({ isNewRecord }: InstanceShape, { type }: OptionsShape): Told['action'] {
  if (type === 'BULKUPDATE') return 'BULK_UPDATE';
  return isNewRecord ? 'CREATE' : 'UPDATE';
}

/** `bulkCreate` alone has both. */
function isOfMany(options: OptionsShape): boolean {
  return options.type !== 'BULKUPDATE' && 'ignoreDuplicates' in options && 'individualHooks' in options;
}

/** The rows of one `bulkCreate`: it validates all, and writes none if it rejects one. */
class Batch {
  private total = 0;
  private open = 0;
  private invalid = 0;
  private readonly reasons = new Set<string>();
  private readonly fields: readonly unknown[] | undefined;

  constructor({ fields }: OptionsShape) {
    this.fields = fields;
  }

  /** @returns what to call when the validation of the row has ended */
  added({ constructor: model }: InstanceShape, tell: (rejected: Told) => void): (outcome: Ended) => void {
    this.total += 1;
    this.open += 1;
    return ({ failed, error }) => {
      this.open -= 1;
      if (failed) this.reject(error);
      if (this.open > 0 || this.invalid === 0) return;
      const stored = storedAttributes(model);
      const fields = this.fields?.filter((field) => stored.includes(field as string));
      tell({
        model: model.name,
        action: 'BULK_CREATE',
        extra: { total_count: this.total, ...(fields && { fields }) },
        errorMessage: `${this.invalid} of ${this.total} rows: ${[...this.reasons].join('; ')}`,
      });
    };
  }

  private reject(error: unknown): void {
    this.invalid += 1;
    if (this.reasons.size < MAX_REASONS) this.reasons.add(failureText(error));
  }
}

/** Of those that differ. */
const MAX_REASONS = 10;

/** By the options of their validation, which Sequelize makes anew for each call. */
const batches = new WeakMap<OptionsShape, Batch>();

function batchOf(options: OptionsShape): Batch {
  let batch = batches.get(options);
  if (!batch) {
    batch = new Batch(options);
    batches.set(options, batch);
  }
  return batch;
}
