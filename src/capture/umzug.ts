import { type Work, currentWork, enterWork, runInWork, startFollowing } from '../context/work.ts';
import { guard } from '../event/guard.ts';
import { mark } from './mark.ts';
import { onFileLoaded } from './module-files.ts';
import { once } from './once.ts';
import { patch } from './patch.ts';

/**
 * Has all that a migration does, and the note that it was done, told of under its name: with umzug 3, and with umzug 2,
 * which `sequelize-cli` runs. The actor stays who it is: the system, unless the application says otherwise.
 */
export const watchMigrations: () => void = once(() => {
  onFileLoaded('umzug/lib/umzug.js', (exports) => followEvents((exports as { Umzug: UmzugClass }).Umzug));
  onFileLoaded('umzug/lib/migration.js', (exports) => {
    nameCalls(exports as UmzugClass, ['up', 'down'], (migration) => (migration as { readonly file: unknown }).file);
  });
  onFileLoaded('umzug/lib/storages/SequelizeStorage.js', (exports) => {
    const { default: storage } = exports as { default: UmzugClass };
    nameCalls(storage, ['logMigration', 'unlogMigration'], (_, file) => file);
  });
});

interface UmzugClass {
  readonly prototype: object;
}

/** Shared by all copies of this package in a process. */
const MARK = Symbol.for('activity-audit.umzug.1');

const BEGINS: ReadonlySet<unknown> = new Set(['migrating', 'reverting']);
const ENDS: ReadonlySet<unknown> = new Set(['migrated', 'reverted']);

/**
 * umzug 3 awaits its own events before and after each migration, in the asynchronous function that runs them all: what is
 * entered there lasts until the next one, and no longer than that function, whose caller keeps its own work.
 */
function followEvents({ prototype }: UmzugClass): void {
  if (!mark(prototype, MARK)) return;
  startFollowing();
  patch(prototype, 'emit', (original) => {
    return function (this: unknown, event: unknown, params: unknown) {
      guard('following a migration', () => {
        if (BEGINS.has(event)) enterWork(workOf((params as { readonly name: unknown }).name));
        else if (ENDS.has(event)) enterWork(workOf(undefined));
      });
      return Reflect.apply(original, this, arguments);
    };
  });
}

/** umzug 2 awaits promises of Bluebird, which lose the work in hand: each call is named for itself. */
function nameCalls(
  { prototype }: UmzugClass,
  methods: readonly string[],
  nameOf: (self: unknown, argument: unknown) => unknown,
): void {
  if (!mark(prototype, MARK)) return;
  for (const method of methods) {
    patch(prototype, method, (original) => {
      return function (this: unknown, argument: unknown) {
        return runInWork(workOf(nameOf(this, argument)), () => Reflect.apply(original, this, arguments) as unknown);
      };
    });
  }
}

/** The work in hand as a part of a migration, or of none. */
function workOf(migration: unknown): Work {
  return { ...currentWork(), migration: typeof migration === 'string' ? migration : undefined };
}
