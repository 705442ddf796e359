import Module from 'node:module';
import path from 'node:path';

import { guard } from '../event/guard.ts';
import { once } from './once.ts';

type OnLoad = (exports: unknown) => void;
type Load = (this: { readonly exports: unknown }, filename: string) => unknown;

/** By the end of a file's path. */
const watched = new Map<string, Set<OnLoad>>();

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

/** `load` is called once a file, with its path; `require`, which others wrap, once for each use of it. */
const patchOnce = once(() => {
  const prototype = Module.prototype as unknown as { load: Load };
  const { load } = prototype;
  prototype.load = function (filename) {
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
