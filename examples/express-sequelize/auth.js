/** Passwords and bearer tokens. */
import { createHmac, randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';

import { HttpError } from './http-error.js';

const derive = promisify(scrypt);
const SECRET = process.env.TOKEN_SECRET ?? randomBytes(32);

/** @throws HttpError if the password is too short */
export async function hashPassword(password) {
  if (typeof password !== 'string' || password.length < 8)
    throw new HttpError(422, 'A password has 8 characters or more');
  const salt = randomBytes(16);
  const hash = await derive(password, salt, 32);
  return `${salt.toString('base64url')}.${hash.toString('base64url')}`;
}

export async function isPassword(password, passwordHash) {
  const [salt, hash] = passwordHash.split('.').map((part) => Buffer.from(part, 'base64url'));
  return timingSafeEqual(await derive(String(password), salt, 32), hash);
}

/** Who the bearer is, and a signature. */
export function tokenOf({ id, email, firstName, lastName }) {
  const claims = Buffer.from(JSON.stringify({ id, email, firstName, lastName })).toString('base64url');
  return `${claims}.${signatureOf(claims)}`;
}

/** Middleware: sets `request.user` to what the bearer token says, if there is a good one. */
export function authenticate(request, _response, next) {
  const [scheme, token = ''] = (request.get('authorization') ?? '').split(' ');
  const [claims, signature = ''] = token.split('.');
  if (scheme === 'Bearer' && isSame(signature, signatureOf(claims))) {
    request.user = JSON.parse(Buffer.from(claims, 'base64url').toString());
  }
  next();
}

/** Middleware: lets nobody pass who isn't logged in. */
export function requireUser(request, _response, next) {
  next(request.user ? undefined : new HttpError(401, 'Please log in'));
}

function signatureOf(claims) {
  return createHmac('sha256', SECRET).update(claims).digest('base64url');
}

function isSame(given, expected) {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}
