import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

import { replaceExports } from './capture/module-files.ts';
import { once } from './capture/once.ts';

/** A log library, and OpenTelemetry's instrumentation of it. */
interface LogLibrary {
  readonly name: string;
  /** The file of it whose exports are instrumented, from its folder on. */
  readonly file: string;
  readonly instrumentation: string;
  /** What the instrumentation exports. */
  readonly exported: string;
}

const LIBRARIES: readonly LogLibrary[] = [
  library('pino', 'pino.js', 'PinoInstrumentation'),
  library('winston', 'lib/winston/logger.js', 'WinstonInstrumentation'),
  library('bunyan', 'lib/bunyan.js', 'BunyanInstrumentation'),
];

function library(name: string, file: string, exported: string): LogLibrary {
  return { name, file, exported, instrumentation: `@opentelemetry/instrumentation-${name}` };
}

/**
 * Has OpenTelemetry's instrumentations of pino, winston and bunyan, where the application has installed them, send what
 * these are told to the provider of the process. They are looked for when the application loads such a library: who has
 * none pays nothing.
 */
export const watchLogLibraries: () => void = once(() => {
  for (const one of LIBRARIES) {
    replaceExports(`${one.name}/${one.file}`, (exports, filename) => {
      const Instrumentation = instrumentationOf(one, filename);
      return Instrumentation ? instrumented(one, Instrumentation, exports, filename) : exports;
    });
  }
});

/** An instrumentation of OpenTelemetry's. What its `init` returns is documented for those who write one. */
interface OtelInstrumentation {
  init(): Definition | readonly Definition[];
  enable(): void;
}

/** Of a module, or of a file of it. */
interface Definition {
  readonly name: string;
  readonly supportedVersions: readonly string[];
  readonly patch?: Patch;
  readonly files: readonly Definition[];
}

type Patch = (exports: unknown, version: string) => unknown;
type OtelInstrumentationClass = new (config: object) => OtelInstrumentation;

/** Beside the library, or where the application was started. */
function instrumentationOf(
  { instrumentation, exported }: LogLibrary,
  file: string,
): OtelInstrumentationClass | undefined {
  for (const place of [file, path.join(process.cwd(), 'index.js')]) {
    const require = createRequire(place);
    try {
      require.resolve(instrumentation);
    } catch {
      continue;
    }
    return (require(instrumentation) as Record<string, OtelInstrumentationClass>)[exported];
  }
  return undefined;
}

/**
 * What the instrumentation makes of the exports. Its own hooks, which each `require` of the process would go through and
 * an `import` passes by, are left out; and it adds no ids of traces to what the application writes.
 */
function instrumented(
  { name, file }: LogLibrary,
  Instrumentation: OtelInstrumentationClass,
  exports: unknown,
  filename: string,
): unknown {
  class WithoutHooks extends Instrumentation {
    override init(): readonly Definition[] {
      return [];
    }
    get definitions(): readonly Definition[] {
      return [super.init()].flat();
    }
  }
  const instrumentation = new WithoutHooks({ disableLogCorrelation: true });
  const version = versionIn(filename.slice(0, -path.normalize(file).length));
  const patches = instrumentation.definitions
    .flatMap((main): readonly Definition[] =>
      main.files.length > 0 ? main.files : [{ ...main, name: path.normalize(`${name}/${file}`) }],
    )
    .filter((one) => one.name === path.normalize(`${name}/${file}`))
    .filter(({ supportedVersions }) => supportedVersions.some((range) => isIn(range, version)));
  return patches.reduce((shown, { patch }) => patch?.(shown, version) ?? shown, exports);
}

function versionIn(folder: string): string {
  const manifest: unknown = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'));
  return (manifest as { readonly version: string }).version;
}

/** Whether a version is in a range such as `>=5.14.0 <11`. */
function isIn(range: string, version: string): boolean {
  return range.split(' ').every((comparator) => {
    const [, sign, limit = ''] = /^(>=|<)([\d.]+)$/.exec(comparator) ?? [];
    const order = compare(version, limit);
    return sign === '>=' ? order >= 0 : sign === '<' && order < 0;
  });
}

function compare(one: string, other: string): number {
  const [ones = [], others = []] = [one, other].map((version) =>
    version.split('.').map((part) => Number.parseInt(part, 10)),
  );
  for (const index of [0, 1, 2]) {
    const difference = (ones[index] ?? 0) - (others[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
