import { currentOrigin } from '../context/origin.ts';
import { isAppKey } from '../event/app-keys.ts';
import { emitApp } from '../event/emit.ts';
import type { AppEvent, Json, JsonObject } from '../event/event.ts';
import { exceptionOf, isError } from '../event/exception.ts';
import { SEVERITY_NUMBERS } from '../event/levels.ts';
import { ON_BEHALF_OF, onBehalfOf } from '../event/on-behalf-of.ts';
import { type Redactor, createRedactor } from '../event/redact.ts';
import { tail } from '../event/tail.ts';
import type { AppFacts } from '../event/to-app-log-record.ts';
import { timestamp } from '../event/timestamp.ts';
import type { ApiLoggerProvider } from '../vendor/opentelemetry.ts';
import { moduleOf } from '../event/module-of.ts';
import { type CallSite, callSiteAbove, callSiteOf } from './call-site.ts';
import { type LogThresholds, createThresholds } from './log-levels.ts';

/** The levels of app records, and two that send a record to another stream. */
export type SaidLevel = 'TRACE' | 'DEBUG' | 'INFO' | 'WARN' | 'ERROR' | 'FATAL' | 'AUDIT' | 'API';

/** What the application said. */
interface Said {
  /** Of the logger. */
  readonly name: string;
  readonly level: SaidLevel;
  readonly message: string;
  /** Their properties are attributes, a later one's over an earlier one's. */
  readonly objects?: readonly object[];
  readonly error?: object | undefined;
  readonly place: CallSite | undefined;
  /** Where it was printed already. */
  readonly printedOn?: AppFacts['printedOn'];
}

/** Makes app records of what the application says. */
export interface AppRecorder {
  readonly active: boolean;
  /** Whether a record of that level is written. `AUDIT` and `API` always are: they are no matter of how much is said. */
  isEnabled(name: string, level: SaidLevel): boolean;
  /** The place that called a function, if places are recorded. */
  placeAbove(above: (...args: never[]) => unknown): CallSite | undefined;
  /** The place where an error was made, in the same way. */
  placeOf(error: unknown): CallSite | undefined;
  record(said: Said): void;
}

export interface AppRecorderOptions {
  /** @default createRedactor() */
  readonly redactor?: Redactor | undefined;
  readonly levels?: LogThresholds | undefined;
  /** @default true */
  readonly callSites?: boolean | undefined;
  readonly isActive: () => boolean;
  /** Where records go; undefined for the provider of the process. */
  readonly provider: () => ApiLoggerProvider | undefined;
}

const MAX_KNOWN_NAMES = 1000;

export function createAppRecorder(options: AppRecorderOptions): AppRecorder {
  const { redactor = createRedactor(), levels, callSites = true, isActive, provider } = options;
  const thresholdOf = createThresholds(levels);
  const known = new Map<string, number>();

  function knownThreshold(name: string): number {
    const seen = known.get(name);
    if (seen !== undefined) return seen;
    const threshold = thresholdOf(name);
    if (known.size < MAX_KNOWN_NAMES) known.set(name, threshold);
    return threshold;
  }

  function attributesOf(objects: readonly object[]): JsonObject | undefined {
    const attributes: Record<string, Json | undefined> = {};
    for (const object of objects) {
      for (const [name, value] of Object.entries(redactor.object(object, 'attributes'))) {
        // What a client sent can't pass for what we say.
        attributes[isAppKey(name) || name === ON_BEHALF_OF ? `app.${name}` : name] = value;
      }
    }
    return Object.keys(attributes).length > 0 ? attributes : undefined;
  }

  return {
    get active() {
      return isActive();
    },
    isEnabled: (name, level) => level === 'AUDIT' || level === 'API' || SEVERITY_NUMBERS[level] >= knownThreshold(name),
    placeAbove: (above) => (callSites ? callSiteAbove(above) : undefined),
    placeOf: (error) => (callSites && isError(error) ? callSiteOf(error) : undefined),
    record({ name, level, message, objects = [], error, place, printedOn }) {
      const origin = currentOrigin();
      const exception = error && exceptionOf(error);
      const principal = origin.actor.onBehalfOf;
      const attributes = attributesOf(objects);
      const event: AppEvent = {
        timestamp: timestamp(origin.time),
        level,
        name,
        path: place?.path ?? '',
        module: place ? moduleOf(place.path) : '',
        function: place?.function ?? '',
        message: redactor.text(message),
        exception: exception ? redactor.text(exception.stack) : '',
        line: place?.line ?? '',
        attributes: principal ? { ...attributes, [ON_BEHALF_OF]: onBehalfOf(principal, redactor) } : attributes,
        ...tail(origin),
      };
      const told = exception && { type: exception.type, message: redactor.text(exception.message) };
      emitApp(event, origin, { exception: told, printedOn }, provider());
    },
  };
}
