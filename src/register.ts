/**
 * `node --import activity-audit/register app.js`: starts recording before the application is loaded, as the environment
 * and the file that `ACTIVITY_AUDIT_CONFIG` names say. A bad value stops the start.
 */
import { createRequire } from 'node:module';
import path from 'node:path';

import { CONFIG_VARIABLE, OptionError, checkOptions, mergeOptions, optionsFromEnvironment } from './options.ts';
import type { AuditOptions } from './options.ts';
import { isDisabled, resourceFrom, signalsFrom } from './otel-environment.ts';
import { start } from './start.ts';

if (!isDisabled(process.env)) {
  const options = mergeOptions(optionsFromFile(process.env[CONFIG_VARIABLE]), optionsFromEnvironment(process.env));
  start(options, resourceFrom(process.env), signalsFrom(process.env));
}

/**
 * The options in a .js, .mjs, .cjs or .json file, relative to the working directory: its default export.
 *
 * @throws OptionError if there is no such file, it can't be loaded, or an option is bad
 */
function optionsFromFile(name: string | undefined): AuditOptions {
  if (!name) return {};
  const file = path.resolve(name);
  return checkOptions(load(file), file);
}

/** Loaded at once, also an ES module, since the application comes next. */
function load(file: string): unknown {
  try {
    const loaded = createRequire(import.meta.url)(file) as { default?: unknown };
    return loaded.default ?? loaded;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new OptionError(CONFIG_VARIABLE, `a .js, .mjs, .cjs or .json file that loads (${reason})`, file);
  }
}
