import type { Redactor } from '../event/redact.ts';
import type { BeforeImagesChoice, ModelChoices } from './model-options.ts';
import { install } from './sequelize-install.ts';
import { createRecorder } from './sequelize-recorder.ts';

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
 * Records what one instance of Sequelize 6 or 7 does, where the instrumentation can't see it: in an application that is bundled
 * together with Sequelize, or for an instance that was made before. An instance that is recorded already is left as it is.
 *
 * @throws TypeError if `sequelize` isn't an instance of Sequelize 6 or 7
 *
 * @example
 * const sequelize = auditSequelize(new Sequelize('sqlite::memory:'));
 */
export function auditSequelize<T extends object>(sequelize: T, config: SequelizeInstrumentationConfig = {}): T {
  const isActive = (): boolean => config.enabled !== false;
  if (!install(sequelize, createRecorder({ ...config, isActive, provider: () => undefined }))) {
    throw new TypeError(`auditSequelize: expected an instance of Sequelize 6 or 7, got ${nameOf(sequelize)}`);
  }
  return sequelize;
}

function nameOf(value: unknown): string {
  return typeof value === 'object' && value !== null ? `an instance of ${value.constructor.name}` : typeof value;
}
