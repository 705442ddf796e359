import { AsyncLocalStorage } from 'node:async_hooks';
import type { ClientHttp2Stream } from 'node:http2';

import { runInWork } from '../context/work.ts';
import { type Asker, currentAsker } from './asker.ts';
import { define } from './define.ts';
import { onFileLoaded } from './module-files.ts';
import { once } from './once.ts';
import { patch } from './patch.ts';

/**
 * Has the calls of `@grpc/grpc-js` go out in the work that made them. Those that wait for a connection, it sends all
 * together, in the work of the one that opened it: the others would be recorded in the name of somebody else.
 */
export const keepWorkOfCalls: () => void = once(() => {
  onFileLoaded('@grpc/grpc-js/build/src/resolving-call.js', (exports) => {
    keepWork((exports as { ResolvingCall: CallClass }).ResolvingCall.prototype, 'getConfig', currentAsker);
  });
  onFileLoaded('@grpc/grpc-js/build/src/load-balancing-call.js', (exports) => {
    const { prototype } = (exports as { LoadBalancingCall: CallClass }).LoadBalancingCall;
    keepWork(prototype, 'doPick', () => sent.getStore() ?? currentAsker());
  });
});

/** Who made the call that a stream is opened for, if it is one of `@grpc/grpc-js`. */
export function askerOfCall({ sentHeaders }: ClientHttp2Stream): Asker | undefined {
  return String(sentHeaders['user-agent']).includes('grpc-node-js/') ? sent.getStore() : undefined;
}

/** Who made the call that is being sent. It isn't sent at once, but after its credentials. */
const sent = new AsyncLocalStorage<Asker>();

interface CallClass {
  readonly prototype: object;
}

const STARTED = Symbol.for('activity-audit.grpc.started.1');

interface Call {
  [STARTED]?: Asker;
}

/**
 * @param goOn the method that is called once what the call has waited for is there
 * @param askerNow who makes a call that starts
 */
function keepWork(prototype: object, goOn: string, askerNow: () => Asker): void {
  if (STARTED in prototype) return;
  define(prototype, STARTED, undefined, false);
  patch(prototype, 'start', (original) => {
    return function start(this: Call) {
      define(this, STARTED, askerNow(), false);
      return Reflect.apply(original, this, arguments);
    };
  });
  patch(prototype, goOn, (original) => {
    return function (this: Call) {
      const asker = this[STARTED];
      if (!asker) return Reflect.apply(original, this, arguments);
      const pass = (): unknown => Reflect.apply(original, this, arguments);
      return sent.run(asker, () => runInWork(asker.work, pass));
    };
  });
}
