import { realProvider } from '../event/emit.ts';
import { VERSION } from '../event/version.ts';
import type { ApiLoggerProvider } from '../vendor/opentelemetry.ts';

/**
 * OpenTelemetry's `Instrumentation`, as every SDK (2.x, 3.x) takes it. The base class of `@opentelemetry/instrumentation`
 * isn't used: it resolves every `require` of the process a second time, which costs the start of an application of
 * Express and Sequelize 50 ms and more, and we make no spans.
 *
 * A subclass calls `enable` at the end of its constructor.
 */
export abstract class Instrumentation<Config extends { readonly enabled?: boolean }> {
  readonly instrumentationName: string;
  readonly instrumentationVersion: string = VERSION;
  #config: Config;
  #provider: ApiLoggerProvider | undefined;

  protected constructor(name: string, config: Config) {
    this.instrumentationName = name;
    this.#config = { enabled: true, ...config };
  }

  /** Does nothing where the configuration says `enabled: false`: SDKs enable also what is configured so. */
  enable(): void {
    if (this.#config.enabled !== false) this.start();
  }

  abstract disable(): void;

  /** Starts recording, if it isn't. */
  protected abstract start(): void;

  getConfig(): Config {
    return this.#config;
  }

  setConfig(config: Config): void {
    this.#config = { enabled: true, ...config };
  }

  setLoggerProvider(provider: ApiLoggerProvider): void {
    this.#provider = realProvider(provider);
  }

  setTracerProvider(_provider: unknown): void {
    // Spans are other instrumentations' business.
  }

  setMeterProvider(_provider: unknown): void {
    // So are metrics, but for what one of ours counts.
  }

  /** Where records go; undefined for the provider of the process. */
  protected get provider(): ApiLoggerProvider | undefined {
    return this.#provider;
  }
}
