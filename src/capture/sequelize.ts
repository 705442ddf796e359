import type { MeterProvider } from '@opentelemetry/api';

import { guard } from '../event/guard.ts';
import type { SequelizeInstrumentationConfig } from './audit-sequelize.ts';
import { Instrumentation } from './instrumentation.ts';
import { onFileLoaded } from './module-files.ts';
import { countThrough } from './sequelize-coverage.ts';
import { install } from './sequelize-install.ts';
import type { Major } from './sequelize-major.ts';
import { MAJORS } from './sequelize-majors.ts';
import { type Recorder, createRecorder } from './sequelize-recorder.ts';
import { watchMigrations } from './umzug.ts';

/** One that an application has loaded, and may let go of. */
interface Copy {
  readonly major: Major;
  readonly loaded: WeakRef<object>;
}

/**
 * Records every row that Sequelize 6 or 7 creates, reads, changes or deletes. Create it before Sequelize is loaded, by
 * `require` or by `import`.
 */
export class SequelizeInstrumentation extends Instrumentation<SequelizeInstrumentationConfig> {
  #enabled = false;
  #unhook: readonly (() => void)[] = [];
  #copies: readonly Copy[] = [];
  #recorder: Recorder | undefined;
  readonly #onInstance = (instance: object): void => guard('hooking Sequelize', () => this.#install(instance));

  constructor(config: SequelizeInstrumentationConfig = {}) {
    super('activity-audit/sequelize', config);
    this.enable();
  }

  /** Copies of Sequelize that were loaded while it was disabled are not seen. */
  protected override start(): void {
    this.#enabled = true;
    watchMigrations();
    if (this.#unhook.length > 0) return;
    this.#unhook = MAJORS.map((major) =>
      onFileLoaded(major.file, (loaded) => {
        this.#copies = [...this.#copies, { major, loaded: new WeakRef(loaded as object) }];
        major.onInstance(loaded, this.#onInstance);
      }),
    );
    for (const { major, copy } of this.#loadedCopies()) major.onInstance(copy, this.#onInstance);
  }

  /**
   * Instances stop recording at once, and new ones are left alone; what was done before is still recorded when its
   * transaction commits.
   */
  override disable(): void {
    this.#enabled = false;
    for (const unhook of this.#unhook) unhook();
    this.#unhook = [];
    for (const { major, copy } of this.#loadedCopies()) {
      guard('unhooking Sequelize', () => major.offInstance(copy, this.#onInstance));
    }
  }

  override setMeterProvider(provider: MeterProvider): void {
    guard('counting statements', () => countThrough(provider));
  }

  #loadedCopies(): { readonly major: Major; readonly copy: object }[] {
    return this.#copies.flatMap(({ major, loaded }) => {
      const copy = loaded.deref();
      return copy ? [{ major, copy }] : [];
    });
  }

  #install(instance: object): void {
    if (!this.#enabled) return;
    this.#recorder ??= createRecorder({
      ...this.getConfig(),
      isActive: () => this.#enabled,
      provider: () => this.provider,
    });
    install(instance, this.#recorder);
  }
}
