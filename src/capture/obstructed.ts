import { obstacleTo } from '../event/obstacle.ts';

/** What becomes of a request that has come in while its record can't be written. */
export type Obstructed =
  | { readonly refused: string }
  /** Runs `serve` when the request may be served: as an event of Node's, so that what that throws is nobody's to catch. */
  | { readonly hold: (serve: () => void) => void };

/** An exchange that may be kept from the application. */
export interface Refusable {
  /** It was answered with 503. */
  refused(reason: string): void;
}

/** By connection: the latest request on it that is held. */
const held = new WeakMap<object, Promise<unknown>>();

/**
 * To be asked once for each request that is recorded, before it is served.
 *
 * @param connection requests on one are served in the order in which they came
 * @returns undefined if it may be served at once, which is what is usual
 */
export function obstructed(connection: object): Obstructed | undefined {
  const obstacle = obstacleTo('api');
  const before = held.get(connection);
  if (!obstacle && !before) return undefined;
  if (obstacle && !obstacle.passed) return { refused: obstacle.reason };
  const passed = Promise.allSettled([before, obstacle?.passed?.()]);
  return {
    hold(serve) {
      held.set(connection, passed);
      void passed.then(() => {
        if (held.get(connection) === passed) held.delete(connection);
        process.nextTick(serve);
      });
    },
  };
}
