import { guard } from '../event/guard.ts';
import { mark } from './mark.ts';
import { type Ended, isPromise, observed } from './sequelize-around.ts';
import { failureText } from './sequelize-error.ts';
import type { Told } from './sequelize-recorder.ts';
import { keyOf, storedAttributes, storedRow } from './sequelize-row.ts';
import type { InstanceShape, OptionsShape, SequelizeClassShape, SequelizeShape } from './sequelize-shape.ts';
import { wrapMethod } from './wrap-method.ts';

/** Is told of a write that validation rejected: what was to be written, and why it was not. */
export type TellRejected = (sequelize: SequelizeShape, rejected: Told, options: OptionsShape) => void;

/** Shared by all copies of this package in a process. */
const WATCHED = Symbol.for('activity-audit.sequelize-validation.1');

/**
 * Watches the validation of all instances of one copy of Sequelize. What it rejects never reaches the query interface, and
 * the hook `validationFailed` doesn't tell of all: not without hooks, nor after a hook of the application that throws.
 */
export function watchValidation(sequelize: SequelizeShape, tellRejected: TellRejected): void {
  const { Model: base } = sequelize.constructor as Partial<SequelizeClassShape>;
  if (!base || !mark(base.prototype, WATCHED)) return;
  const wrap = (original: (...args: unknown[]) => unknown): object =>
    function (this: InstanceShape, ...args: [OptionsShape?]): unknown {
      const validating = Reflect.apply(original, this, args);
      const [options] = args;
      // A bare `instance.validate()` writes nothing.
      if (options?.validate !== true || !isPromise(validating)) return validating;
      const ended = guard('watching a validation', () => watched(this, options, tellRejected));
      return ended ? observed(validating, ended) : validating;
    };
  wrapMethod(base.prototype, 'validate', wrap, false);
}

function watched(instance: InstanceShape, options: OptionsShape, tellRejected: TellRejected): (outcome: Ended) => void {
  const { constructor: model } = instance;
  const tell = (rejected: Told): void => {
    if (model.sequelize) tellRejected(model.sequelize, rejected, options);
  };
  if (isOfMany(options)) return batchOf(options).added(instance, tell);
  return ({ failed, error }) => {
    if (!failed) return;
    const row = storedRow(instance, instance.dataValues);
    const action = rejectedAction(instance, options);
    const key = action === 'BULK_UPDATE' ? [] : keyOf(row, model);
    tell({ model: model.name, action, key, row, errorMessage: failureText(error) });
  };
}

function rejectedAction(instance: InstanceShape, options: OptionsShape): Told['action'] {
  if (options.type === 'BULKUPDATE') return 'BULK_UPDATE';
  if (options.instance === instance) return 'UPSERT';
  return instance.isNewRecord ? 'CREATE' : 'UPDATE';
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
