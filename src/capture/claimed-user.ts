/** Names under which forms and APIs ask for the user, most usual first. */
const FIELDS = ['username', 'email', 'login', 'user'] as const;

interface Claim {
  /** Who somebody says they are; undefined where the credentials don't tell. */
  readonly user: string | undefined;
}

/**
 * What a request claims to be allowed for, without its secret: a user name in a form or in `Authorization: Basic`, or a
 * token, which names nobody before it is believed.
 *
 * @param strategy a strategy of Passport, which knows the name of the field
 * @returns undefined for a request without credentials
 */
export function claimedUser(request: object, strategy: object): Claim | undefined {
  const { headers, body, query } = request as {
    readonly headers?: Readonly<Record<string, unknown>>;
    readonly body?: unknown;
    readonly query?: unknown;
  };
  const { _usernameField: given } = strategy as { readonly _usernameField?: unknown };
  const fields = typeof given === 'string' ? [given] : FIELDS;
  for (const source of [body, query]) {
    const user = textIn(source, fields);
    if (user !== undefined) return { user };
  }
  const authorization = headers?.['authorization'];
  if (typeof authorization !== 'string') return isCallback(query) ? { user: undefined } : undefined;
  return { user: userOfBasic(authorization) };
}

function textIn(source: unknown, fields: readonly string[]): string | undefined {
  if (typeof source !== 'object' || source === null) return undefined;
  for (const field of fields) {
    // passport-local takes `user[name]` for a path.
    const value = field
      .split(/[[\]]+/)
      .filter(Boolean)
      .reduce<unknown>((object, key) => (Object(object) as Record<string, unknown>)[key], source);
    if (typeof value === 'string' && value !== '') return value;
  }
  return undefined;
}

/** OAuth and OpenID Connect come back with one of these. */
function isCallback(query: unknown): boolean {
  return textIn(query, ['code', 'error', 'oauth_token']) !== undefined;
}

function userOfBasic(authorization: string): string | undefined {
  const [, encoded] = /^Basic ([\w+/=-]+)$/i.exec(authorization) ?? [];
  if (encoded === undefined) return undefined;
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  const end = text.indexOf(':');
  return end > 0 ? text.slice(0, end) : undefined;
}
