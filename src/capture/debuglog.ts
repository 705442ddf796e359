import type { DebugLogger } from 'node:util';

import { isError } from '../event/exception.ts';
import { guard } from '../event/guard.ts';
import { AppLogInstrumentation, type AppLogInstrumentationConfig } from './app-log-instrumentation.ts';
import type { AppRecorder } from './app-recorder.ts';
import { define } from './define.ts';
import { formatted } from './log-message.ts';
import { whileLooking } from './looking.ts';
import type { Method } from './original-method.ts';
import { Takers } from './takers.ts';
import { wrapMethod } from './wrap-method.ts';

const takers = new Takers<AppRecorder>('debuglog');

/** Records what is printed by the functions of `util.debuglog`, of sections that `NODE_DEBUG` names. */
export class DebuglogInstrumentation extends AppLogInstrumentation {
  constructor(config: AppLogInstrumentationConfig = {}) {
    super('activity-audit/debuglog', takers, watchDebuglog, config);
  }
}

/** `util.debug` is another name of it. Named imports of `node:util` get the wrappers, too. */
function watchDebuglog(): void {
  const util = process.getBuiltinModule('node:util');
  const isAlias = util.debug === util.debuglog;
  const wrapper = wrapMethod(util, 'debuglog', around, true);
  if (isAlias) define(util, 'debug', wrapper, true);
  process.getBuiltinModule('node:module').syncBuiltinESMExports();
}

type OnReady = (logger: Method) => void;

/** What is of no enabled section is handed on as it is, and costs nothing. */
function around(original: Method): Method {
  return function (section, onReady, ...others) {
    let told: Method | undefined;
    /** Of an enabled section, the application is given a faster function at its first call: it gets ours. */
    const onReadyAround: OnReady = (faster) => (onReady as OnReady)(told ? recording(faster, section) : faster);
    const given = typeof onReady === 'function' ? onReadyAround : onReady;
    const logger = Reflect.apply(original, this, [section, given, ...others]) as DebugLogger & Method;
    if (!isEnabled(logger)) return logger;
    told = recording(logger, section);
    return Object.defineProperty(told, 'enabled', { get: () => logger.enabled, configurable: true, enumerable: true });
  };
}

/** A section that is no text throws, when it is first used. */
function isEnabled(logger: DebugLogger): boolean {
  try {
    return logger.enabled;
  } catch {
    return false;
  }
}

/** It prints first. */
function recording(logger: Method, section: unknown): Method {
  const name = `debuglog.${String(section)}`;
  const told = (...args: unknown[]): unknown => {
    const result = Reflect.apply(logger, undefined, args);
    guard('recording what is printed', () => {
      const recorder = takers.active();
      if (!recorder?.isEnabled(name, 'DEBUG')) return;
      const place = recorder.placeAbove(told);
      const message = whileLooking(() => formatted(args));
      recorder.record({ name, level: 'DEBUG', message, error: args.find(isError), place, printedOn: 'stderr' });
    });
    return result;
  };
  for (const key of ['name', 'length'] as const) Object.defineProperty(told, key, { value: logger[key] });
  return told;
}
