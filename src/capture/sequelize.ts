import { guard } from '../event/guard.ts';
import type { SequelizeInstrumentationConfig } from './audit-sequelize.ts';
import { Instrumentation } from './instrumentation.ts';
import { onFileLoaded } from './module-files.ts';
import { install } from './sequelize-install.ts';
import { type Recorder, createRecorder } from './sequelize-recorder.ts';
import type { SequelizeClassShape, SequelizeShape } from './sequelize-shape.ts';
import { watchMigrations } from './umzug.ts';

/** What every copy of Sequelize 6 loads, however it is loaded: its ES module is a thin wrapper. */
const FILE = 'sequelize/lib/sequelize.js';
const SUPPORTED = /^6\./;

/**
 * Records every row that Sequelize 6 creates, reads, changes or deletes. Create it before Sequelize is loaded, by
 * `require` or by `import`.
 */
export class SequelizeInstrumentation extends Instrumentation<SequelizeInstrumentationConfig> {
  #enabled = false;
  #hook: (() => void) | undefined;
  #recorder: Recorder | undefined;

  constructor(config: SequelizeInstrumentationConfig = {}) {
    super('activity-audit/sequelize', config);
    this.enable();
  }

  /** Copies of Sequelize that were loaded while it was disabled are not seen. */
  protected override start(): void {
    this.#enabled = true;
    watchMigrations();
    this.#hook ??= onFileLoaded(FILE, (loaded) => this.#watch(loaded as Partial<SequelizeClassShape>));
  }

  /** Instances stop recording at once; what was done before is still recorded when its transaction commits. */
  override disable(): void {
    this.#enabled = false;
    this.#hook?.();
    this.#hook = undefined;
  }

  #watch(sequelize: Partial<SequelizeClassShape>): void {
    if (!SUPPORTED.test(sequelize.version ?? '')) return;
    sequelize.addHook?.('afterInit', (instance) => guard('hooking Sequelize', () => this.#install(instance)));
  }

  #install(instance: SequelizeShape): void {
    if (!this.#enabled) return;
    this.#recorder ??= createRecorder({
      ...this.getConfig(),
      isActive: () => this.#enabled,
      provider: () => this.provider,
    });
    install(instance, this.#recorder);
  }
}
