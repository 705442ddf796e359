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
 * The request is held weakly, since what it started may outlive it: a kept-alive connection, a timer, a pool. Once
 * nothing else holds it, nobody can log in with it any more, and the actor stays who it was.
 */
export function actorFinder(request: IncomingMessage, userOf: UserOf = conventionalUser): () => Actor | undefined {
  const reference = new WeakRef(request);
  let lastUser: unknown;
  let lastActor: Actor | undefined;
  return () =>
    guard('finding the user of a request', () => {
      const known = reference.deref();
      if (!known) return lastActor;
      const user = settled(userOf(known), 'userOf', 'an id, an object that has one, or nothing');
      if (user !== lastUser || lastActor === undefined) {
        lastActor = toActor(user);
        lastUser = user;
      }
      return lastActor;
    });
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
