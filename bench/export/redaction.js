/** Five paths that are secret, for loggers that redact by path. */
export const REDACTED_PATHS = [
  'request_repr.headers.Authorization',
  'request_repr.headers.Cookie',
  'request_repr.body.account.password',
  'response_repr.body.access_token',
  'instance_repr.password',
];

const MASK = '[Redacted]';

/** A copy without what stands at those paths, as an application would make it for a logger that doesn't redact. */
export function withoutSecrets(content) {
  return REDACTED_PATHS.reduce((shown, path) => masked(shown, path.split('.')), content);
}

function masked(value, [name, ...rest]) {
  if (value?.[name] === undefined) return value;
  return { ...value, [name]: rest.length === 0 ? MASK : masked(value[name], rest) };
}
