import type { IncomingMessage } from 'node:http';

import { type Actor, type ActorLike, toActor } from '../context/actor.ts';
import { guard } from '../event/guard.ts';
import { settled } from './settled.ts';

/**
 * Finds the user of a request: an id, an object that has one, or nothing. It is asked each time a record is made while
 * the request is served, and again when it ends, so it should only look, not fetch.
 *
 * @default `request.user`, `request.auth`, `request.session.user`, whichever is set first; over HTTP/2 without the
 *   compatibility API, those of the stream
 */
export type UserOf = (request: IncomingMessage) => ActorLike | null | undefined;

/**
 * Looks for the actor of one request. Never throws: a `userOf` that does is reported, and nobody was found.
 *
 * What the request started may outlive it: a kept-alive connection, a timer, a pool. So the request is let go when it has
 * ended. If nobody was found until then, it is held weakly, for who logs in late: while an aborted request is served on,
 * say. (From the start, that would cost 4 µs a request.)
 */
export class ActorFinder {
  readonly #userOf: UserOf;
  #request: IncomingMessage | undefined;
  #reference: WeakRef<IncomingMessage> | undefined;
  #lastUser: unknown;
  #lastActor: Actor | undefined;

  constructor(request: IncomingMessage, userOf: UserOf = conventionalUser) {
    this.#request = request;
    this.#userOf = userOf;
  }

  /** The request, until it has ended. */
  get request(): IncomingMessage | undefined {
    return this.#request;
  }

  readonly find = (): Actor | undefined => guard('finding the user of a request', this.#find);

  readonly letGo = (): void => {
    const request = this.#request;
    this.#request = undefined;
    if (request && !this.#lastActor) this.#reference = new WeakRef(request);
  };

  readonly #find = (): Actor | undefined => {
    const request = this.#request ?? this.#reference?.deref();
    if (!request) return this.#lastActor;
    const user = settled((0, this.#userOf)(request), 'userOf', 'an id, an object that has one, or nothing');
    if (user !== this.#lastUser || this.#lastActor === undefined) {
      this.#lastActor = toActor(user);
      this.#lastUser = user;
    }
    return this.#lastActor;
  };
}

interface Authenticated {
  readonly user?: ActorLike;
  readonly auth?: ActorLike;
  readonly session?: { readonly user?: ActorLike } | null;
}

/** Where Passport, express-jwt, express-session and most hand-made middleware put the user. */
export function conventionalUser(request: object): ActorLike | undefined {
  const { user, auth, session } = request as Authenticated;
  return user || auth || session?.user;
}
