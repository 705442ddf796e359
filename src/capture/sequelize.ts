import { realProvider } from '../event/emit.ts';
import { guard } from '../event/guard.ts';
import { VERSION } from '../event/version.ts';
import {
  type ApiLoggerProvider,
  InstrumentationBase,
  InstrumentationNodeModuleDefinition,
  InstrumentationNodeModuleFile,
} from '../vendor/opentelemetry.ts';
import type { SequelizeInstrumentationConfig } from './audit-sequelize.ts';
import { install } from './sequelize-install.ts';
import { type Recorder, createRecorder } from './sequelize-recorder.ts';
import type { SequelizeClassShape, SequelizeShape } from './sequelize-shape.ts';

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
        recorder ??= createRecorder({
          ...this.getConfig(),
          // `registerInstrumentations` enables also what its configuration disables.
          isActive: () => this.enabled === true && this.getConfig().enabled !== false,
          provider: () => this.provider,
        });
        install(sequelize, recorder);
      });
    };
  }
}
