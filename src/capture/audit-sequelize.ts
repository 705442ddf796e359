import type { Redactor } from '../event/redact.ts';
import type { BeforeImagesChoice, ModelChoices } from './model-options.ts';
import { install } from './sequelize-install.ts';
import { createRecorder } from './sequelize-recorder.ts';
import type { SequelizeShape } from './sequelize-shape.ts';

export interface SequelizeInstrumentationConfig {
  /** @default true */
  readonly enabled?: boolean;
  /** Shared with the other instrumentations. @default createRedactor() */
  readonly redactor?: Redactor;
  /** Record what is looked at, too. @default true */
  readonly reads?: boolean | undefined;
  /** What is recorded of which model. @default {} */
  readonly models?: ModelChoices | undefined;
  /** Record changes that were rolled back, too, as failures. @default false */
  readonly recordRollbacks?: boolean | undefined;
  /** Select rows before a statement changes several at once, so as to record each with its old values. @default false */
  readonly beforeImages?: BeforeImagesChoice | undefined;
  /** Milliseconds since 1970. @default Date.now */
  readonly now?: () => number;
}

/**
 * Records what one Sequelize 6 instance does, where the instrumentation can't see it: in an application that is bundled
 * together with Sequelize, or for an instance that was made before. An instance that is recorded already is left as it is.
 *
 * @throws TypeError if `sequelize` isn't an instance of Sequelize 6
 *
 * @example
 * const sequelize = auditSequelize(new Sequelize('sqlite::memory:'));
 */
export function auditSequelize<T extends object>(sequelize: T, config: SequelizeInstrumentationConfig = {}): T {
  if (!isSequelize(sequelize)) {
    throw new TypeError(`auditSequelize: expected an instance of Sequelize 6, got ${nameOf(sequelize)}`);
  }
  const isActive = (): boolean => config.enabled !== false;
  install(sequelize, createRecorder({ ...config, isActive, provider: () => undefined }));
  return sequelize;
}

function isSequelize(value: unknown): value is SequelizeShape {
  const shape = value as Partial<SequelizeShape> | null | undefined;
  return (
    typeof shape?.getQueryInterface === 'function' &&
    typeof shape.addHook === 'function' &&
    typeof shape.options?.hooks === 'object' &&
    Array.isArray(shape.modelManager?.models)
  );
}

function nameOf(value: unknown): string {
  return typeof value === 'object' && value !== null ? `an instance of ${value.constructor.name}` : typeof value;
}
