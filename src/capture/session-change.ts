import { AsyncLocalStorage } from 'node:async_hooks';

/** The requests whose session Passport is changing: what express-session does for it is a part of that. */
const changing = new AsyncLocalStorage<object>();

/** Runs what changes the session of a request, now and later. */
export function changingSession<T>(request: object, change: () => T): T {
  return changing.run(request, change);
}

/** Whether what is done to the session of a request is a part of something that is told itself. */
export function isChangingSession(request: object): boolean {
  return changing.getStore() === request;
}
