import { actorOf } from './actor-of.ts';
import { currentWork, enterWork, runInWork } from './work.ts';

/** Who did it. */
export interface Actor {
  /** Never empty: the user's id, `anonymous` for a request without a user, `system` outside of a request. */
  readonly id: string;
  readonly type: 'user' | 'service' | 'system';
  /** What is known of the person: those of {@link INFO_SOURCES} that the user object has. */
  readonly info: UserInfo;
  /** Whom they act for: the user that an administrator is signed in as, say. That one acts for nobody. */
  readonly onBehalfOf?: Actor;
}

/** The keys of `user_info`, as in the original system. */
export type UserInfo = { readonly [key in keyof typeof INFO_SOURCES]?: string };

/**
 * What `setActor`, `withActor` and `userOf` take: an id, or any object that has one (a user of the application, a
 * Sequelize instance, the claims of a token, another actor). `type` counts if it is `service` or `system`; otherwise it is a `user`.
 * `onBehalfOf` is whom they act for, in the same words.
 */
export type ActorLike = string | number | bigint | object;

/** Where an id is looked for, first match wins: common ORMs, then the claims of a token. */
const ID_SOURCES = ['id', '_id', 'user_id', 'userId', 'uid', 'uuid', 'sub', 'username', 'email'] as const;

/** Where each part of `user_info` is looked for: the original's name, camel case, the OpenID Connect claim. */
const INFO_SOURCES = {
  title: ['title'],
  email: ['email'],
  first_name: ['first_name', 'firstName', 'given_name'],
  middle_name: ['middle_name', 'middleName'],
  last_name: ['last_name', 'lastName', 'family_name'],
  sex: ['sex', 'gender'],
  date_of_birth: ['date_of_birth', 'dateOfBirth', 'birthdate'],
} as const;

const INFO_ENTRIES = Object.entries(INFO_SOURCES);

const MAX_LENGTH = 256;

/**
 * The actor that `user` describes, or undefined where it has no id. What can't be read of a user is not known of it.
 */
export function toActor(user: unknown): Actor | undefined {
  const actor = bareActor(user);
  const principal = actor && bareActor(onBehalfOf(user));
  return principal ? { ...actor, onBehalfOf: principal } : actor;
}

/** Without whom they act for. */
function bareActor(user: unknown): Actor | undefined {
  if (typeof user !== 'object' || user === null) {
    const id = asText(user);
    return id === undefined ? undefined : { id, type: 'user', info: {} };
  }
  const fields = user as Record<string, unknown>;
  const id = firstText(fields, ID_SOURCES);
  if (id === undefined) return undefined;
  const type = textIn(fields, 'type');
  return { id, type: type === 'service' || type === 'system' ? type : 'user', info: infoOf(fields) };
}

function onBehalfOf(user: unknown): unknown {
  return typeof user === 'object' && user !== null ? valueIn(user as Record<string, unknown>, 'onBehalfOf') : undefined;
}

/**
 * The actor of the work in hand. Never empty: `anonymous` in a request without a user, `system` outside of a request.
 *
 * @example
 * logger.info({ actor: currentActor().id }, 'exported');
 */
export function currentActor(): Actor {
  return actorOf(currentWork());
}

/**
 * Says who is acting, from now on, for the request being served (also for its records that are made later, such as
 * the record of the request itself), or outside of one for the current asynchronous execution.
 *
 * @throws TypeError if `actor`, or whom it acts for, has no id
 */
export function setActor(actor: ActorLike): void {
  const known = expectActor(actor, 'setActor');
  const work = currentWork();
  if (work) work.actor = known;
  else enterWork({ actor: known });
}

/**
 * Calls `fn` with another actor: a job, a support login. The request stays the same.
 *
 * @example
 * await withActor({ id: 'nightly-import', type: 'service' }, importAll);
 * await withActor({ id: admin.id, onBehalfOf: { id: user.id } }, () => user.update({ locked: false }));
 *
 * @returns what `fn` returns; a promise keeps the actor until it settles
 * @throws TypeError if `actor`, or whom it acts for, has no id, and what `fn` throws
 */
export function withActor<T>(actor: ActorLike, fn: () => T): T {
  return runInWork({ ...currentWork(), actor: expectActor(actor, 'withActor') }, fn);
}

function expectActor(actor: ActorLike, caller: string): Actor {
  const known = toActor(actor);
  if (!known) throw noActor(caller, actor);
  const principal = onBehalfOf(actor) ?? undefined;
  if (principal !== undefined && !known.onBehalfOf) throw noActor(`${caller}: onBehalfOf`, principal);
  return known;
}

function noActor(where: string, got: unknown): TypeError {
  return new TypeError(
    `${where}: expected an id or an object with one of ${ID_SOURCES.join(', ')}, got ${got === null ? 'null' : typeof got}`,
  );
}

/** What an actor is known by is in its own `info`. */
function infoOf(fields: Record<string, unknown>): UserInfo {
  const given = valueIn(fields, 'info');
  const known = typeof given === 'object' && given !== null ? (given as Record<string, unknown>) : undefined;
  const info: Record<string, string> = {};
  for (const [key, sources] of INFO_ENTRIES) {
    const text = firstText(fields, sources) ?? (known && textIn(known, key));
    if (text !== undefined) info[key] = text;
  }
  return info;
}

function firstText(fields: Record<string, unknown>, names: readonly string[]): string | undefined {
  for (const name of names) {
    const text = textIn(fields, name);
    if (text !== undefined) return text;
  }
  return undefined;
}

function textIn(fields: Record<string, unknown>, name: string): string | undefined {
  return asText(valueIn(fields, name));
}

/** Users may be class instances, rows or proxies, whose getters throw for what they don't have. */
function valueIn(fields: Record<string, unknown>, name: string): unknown {
  try {
    return fields[name];
  } catch {
    return undefined;
  }
}

/** Strings, numbers, dates and what has a text of its own (an ObjectId) as a text; undefined for anything else. */
function asText(value: unknown): string | undefined {
  switch (typeof value) {
    case 'string':
      return value === '' ? undefined : value.slice(0, MAX_LENGTH);
    case 'number':
      return Number.isNaN(value) ? undefined : String(value);
    case 'bigint':
      return String(value);
    case 'object':
      return value === null ? undefined : objectText(value);
    default:
      return undefined;
  }
}

function objectText(value: object): string | undefined {
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? undefined : value.toISOString();
  const hex = (value as { toHexString?: unknown }).toHexString;
  return typeof hex === 'function' ? asText(hex.call(value)) : undefined;
}
