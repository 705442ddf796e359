import { realProvider } from '../event/emit.ts';
import { guard } from '../event/guard.ts';
import { type Redactor, createRedactor } from '../event/redact.ts';
import { VERSION } from '../event/version.ts';
import {
  type ApiLoggerProvider,
  InstrumentationBase,
  InstrumentationNodeModuleDefinition,
  InstrumentationNodeModuleFile,
} from '../vendor/opentelemetry.ts';
import { install } from './sequelize-install.ts';
import { type Recorder, createRecorder } from './sequelize-recorder.ts';
import type { SequelizeClassShape, SequelizeShape } from './sequelize-shape.ts';

export interface SequelizeInstrumentationConfig {
  /** @default true */
  readonly enabled?: boolean;
  /** Shared with the other instrumentations. @default createRedactor() */
  readonly redactor?: Redactor;
  /** Record what is looked at, too. @default true */
  readonly reads?: boolean;
  /** Milliseconds since 1970. @default Date.now */
  readonly now?: () => number;
}

const SUPPORTED = ['>=6 <7'];

/**
 * Records every row that Sequelize 6 creates, reads, changes or deletes. Create it before Sequelize is loaded, by
 * `require` or by `import`: both load the file that is hooked here.
 */
export class SequelizeInstrumentation extends InstrumentationBase<SequelizeInstrumentationConfig> {
  // The base class calls `init` and `enable` before the fields of this one would be initialised.
  declare private enabled: boolean | undefined;
  declare private provider: ApiLoggerProvider | undefined;

  constructor(config: SequelizeInstrumentationConfig = {}) {
    super('activity-audit/sequelize', VERSION, config);
  }

  protected override init(): InstrumentationNodeModuleDefinition {
    const onInit = this.installer();
    const file = new InstrumentationNodeModuleFile(
      'sequelize/lib/sequelize.js',
      SUPPORTED,
      (sequelize: SequelizeClassShape) => {
        sequelize.addHook('afterInit', onInit);
        return sequelize;
      },
      (sequelize?: SequelizeClassShape) => {
        sequelize?.removeHook('afterInit', onInit);
      },
    );
    return new InstrumentationNodeModuleDefinition('sequelize', SUPPORTED, undefined, undefined, [file]);
  }

  override enable(): void {
    this.enabled = true;
    super.enable();
  }

  /** Instances stop recording at once; what was done before is still recorded when its transaction commits. */
  override disable(): void {
    this.enabled = false;
    super.disable();
  }

  override setLoggerProvider(provider: ApiLoggerProvider): void {
    this.provider = realProvider(provider);
  }

  private installer(): (sequelize: SequelizeShape) => void {
    let recorder: Recorder | undefined;
    return (sequelize) => {
      guard('hooking Sequelize', () => {
        recorder ??= recorderOf(
          this.getConfig(),
          // `registerInstrumentations` enables also what its configuration disables.
          () => this.enabled === true && this.getConfig().enabled !== false,
          () => this.provider,
        );
        install(sequelize, recorder);
      });
    };
  }
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
  install(
    sequelize,
    recorderOf(config, isActive, () => undefined),
  );
  return sequelize;
}

function recorderOf(
  { redactor = createRedactor(), reads = true, now = Date.now }: SequelizeInstrumentationConfig,
  isActive: () => boolean,
  provider: () => ApiLoggerProvider | undefined,
): Recorder {
  return createRecorder({ redactor, reads, now, isActive, provider });
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
