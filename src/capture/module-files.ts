import Module from 'node:module';
import path from 'node:path';

import { guard } from '../event/guard.ts';
import { define } from './define.ts';
import { once } from './once.ts';

type OnLoad = (exports: unknown) => void;
type Replace = (exports: unknown, filename: string) => unknown;
type Load = (this: LoadedModule, filename: string) => unknown;

/** By the end of a file's path. */
const watched = new Map<string, Set<OnLoad>>();
const replaced = new Map<string, Replace>();

/**
 * Calls `onLoad` with what a CommonJS file exports, whenever a file of that name has been loaded: once for each copy
 * that is installed, by `require` or by an `import` of the package, which ends in the same file.
 *
 * @param name the end of the file's path, with slashes: `sequelize/lib/sequelize.js`
 * @returns stops it, for files that are loaded later
 */
export function onFileLoaded(name: string, onLoad: OnLoad): () => void {
  patchOnce();
  const end = path.sep + path.normalize(name);
  const listeners = watched.get(end) ?? new Set();
  watched.set(end, listeners.add(onLoad));
  return () => listeners.delete(onLoad);
}

/**
 * Has a CommonJS file export something else, for whoever loads it from then on.
 *
 * @param name as of `onFileLoaded`; of one file, the last that asks for it has its way
 * @param replace is given what the file exports, and its path
 */
export function replaceExports(name: string, replace: Replace): void {
  patchOnce();
  replaced.set(path.sep + path.normalize(name), replace);
}

/** `load` is called once a file, with its path; `require`, which others wrap, once for each use of it. */
const patchOnce = once(() => {
  const prototype = Module.prototype as unknown as { load: Load };
  const { load } = prototype;
  prototype.load = function (filename) {
    guard('hooking a module', () => replaceIn(this, filename));
    const result = Reflect.apply(load, this, arguments) as unknown;
    guard('hooking a module', () => tell(filename, this.exports));
    return result;
  };
});

/** Without an iterator, since an application may have taken those of arrays away. */
function tell(filename: string, exports: unknown): void {
  watched.forEach((listeners, end) => {
    if (!filename.endsWith(end)) return;
    listeners.forEach((listener) => guard('hooking a module', () => listener(exports)));
  });
}

/** The method of a module that runs its source. */
const COMPILE = '_compile';

interface LoadedModule {
  exports: unknown;
  [COMPILE]?(...args: unknown[]): unknown;
}

/** After the file has run: on Node.js 20, an `import` of it gets what it exports right then. */
function replaceIn(module: LoadedModule, filename: string): void {
  replaced.forEach((replace, end) => {
    if (!filename.endsWith(end)) return;
    const compile = (...args: unknown[]): unknown => {
      Reflect.deleteProperty(module, COMPILE);
      const result: unknown = Reflect.apply((module as Required<LoadedModule>)[COMPILE], module, args);
      guard('hooking a module', () => (module.exports = replace(module.exports, filename)));
      return result;
    };
    define(module, COMPILE, compile, false);
  });
}
