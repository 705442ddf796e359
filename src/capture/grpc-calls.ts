import { type Work, currentWork, runInWork } from '../context/work.ts';
import { define } from './define.ts';
import { patch } from './patch.ts';
import { onFileLoaded } from './module-files.ts';
import { once } from './once.ts';

/**
 * Has the calls of `@grpc/grpc-js` go out in the work that made them. Those that wait for a connection, it sends all
 * together, in the work of the one that opened it: the others would be recorded in the name of somebody else.
 */
export const keepWorkOfCalls: () => void = once(() => {
  onFileLoaded('@grpc/grpc-js/build/src/resolving-call.js', (exports) => {
    keepWork((exports as { ResolvingCall: CallClass }).ResolvingCall.prototype, 'getConfig');
  });
  onFileLoaded('@grpc/grpc-js/build/src/load-balancing-call.js', (exports) => {
    keepWork((exports as { LoadBalancingCall: CallClass }).LoadBalancingCall.prototype, 'doPick');
  });
});

interface CallClass {
  readonly prototype: object;
}

const STARTED = Symbol.for('activity-audit.grpc.started.1');

interface Call {
  [STARTED]?: { readonly work: Work | undefined };
}

/** @param goOn the method that is called once what the call has waited for is there */
function keepWork(prototype: object, goOn: string): void {
  if (STARTED in prototype) return;
  define(prototype, STARTED, undefined, false);
  patch(prototype, 'start', (original) => {
    return function start(this: Call) {
      define(this, STARTED, { work: currentWork() }, false);
      return Reflect.apply(original, this, arguments);
    };
  });
  patch(prototype, goOn, (original) => {
    return function (this: Call) {
      const started = this[STARTED];
      if (!started || started.work === currentWork()) return Reflect.apply(original, this, arguments);
      return runInWork(started.work, () => Reflect.apply(original, this, arguments));
    };
  });
}
