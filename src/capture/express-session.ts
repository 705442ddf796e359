import { toActor } from '../context/actor.ts';
import { currentWork } from '../context/work.ts';
import { guard } from '../event/guard.ts';
import type { LoginDraft } from '../event/login-event.ts';
import { conventionalUser } from './actor-finder.ts';
import { errorText } from './error-text.ts';
import { mark } from './mark.ts';
import { onFileLoaded } from './module-files.ts';
import type { Method } from './original-method.ts';
import { patch } from './patch.ts';
import { isChangingSession } from './session-change.ts';

type Tell = (draft: LoginDraft) => void;

/** Shared by all copies of this package in a process. */
const MARK = Symbol.for('activity-audit.express-session.1');

const EVENTS = { regenerate: 'session_regenerated', destroy: 'session_destroyed' } as const;

/** Tells which sessions of express-session the application ends, or gives a new id, and whose they were. */
export function watchExpressSession(tell: Tell): void {
  onFileLoaded('express-session/session/session.js', (exports) => {
    const { prototype } = exports as { readonly prototype: object };
    if (!mark(prototype, MARK)) return;
    for (const method of ['regenerate', 'destroy'] as const) watchMethod(prototype, method, tell);
  });
}

function watchMethod(prototype: object, method: keyof typeof EVENTS, tell: Tell): void {
  patch(prototype, method, (original) => {
    return function (this: { readonly req?: object }, ...args: unknown[]) {
      const { req: request } = this;
      if (!request || isChangingSession(request)) return Reflect.apply(original, this, args);
      const user = guard('reading a user', () => toActor(conventionalUser(request)));
      // The request may have ended when the store has answered.
      currentWork()?.findClient?.();
      const ended = (error: unknown): void =>
        tell({ event: EVENTS[method], success: !error, user, error: error ? errorText(error) : undefined });
      const [callback] = args;
      const watched = function (this: unknown, error?: unknown): unknown {
        guard('recording a login', () => ended(error));
        return typeof callback === 'function' ? Reflect.apply(callback as Method, this, arguments) : undefined;
      };
      return Reflect.apply(original, this, [watched, ...args.slice(1)]);
    };
  });
}
