import { errorHead, isError } from '../event/exception.ts';
import { UNREADABLE, plainValue } from '../event/plain-value.ts';

/** What a call such as `log.info('created %s', id, { tenant })` says. */
export interface LogMessage {
  readonly message: string;
  /** The objects beside the message, whose properties are attributes. */
  readonly objects: readonly object[];
  readonly error: object | undefined;
}

/**
 * Reads the arguments of a call: a text with `%s` and the like takes as many as it has places for, the objects after it
 * are attributes, the first error is the exception, all else follows the message. What comes first may also be an object
 * or an error: the message comes next, or is the error's own.
 */
export function readLogCall(args: readonly unknown[]): LogMessage {
  const taken = placesOf(args[0]);
  const error = args.find(isError);
  const objects: object[] = [];
  const said = args.filter((argument, index) => {
    if (index > 0 && index <= taken) return true;
    if (argument === error && error !== undefined) return false;
    if (!namesItsParts(argument)) return true;
    objects.push(argument);
    return false;
  });
  const message = said.length > 0 ? formatted(said) : error ? errorHead(error) : '';
  return { message, objects, error: error ?? objects.map(errorIn).find(isError) };
}

/** What `console` would print of its arguments, with errors as one line each: their stacks are told apart. */
export function formatted(args: readonly unknown[]): string {
  const [first] = args;
  if (args.length === 1 && typeof first === 'string') return first;
  const shown = args.map((argument) => (isError(argument) ? errorHead(argument) : argument));
  try {
    const { format } = process.getBuiltinModule('node:util');
    return isError(first) ? format('%s', ...shown) : format(...shown);
  } catch {
    return UNREADABLE;
  }
}

/** How many arguments a format takes. */
function placesOf(format: unknown): number {
  if (typeof format !== 'string' || !format.includes('%')) return 0;
  return format.match(/%[%sdifjoOc]/g)?.filter((place) => place !== '%%').length ?? 0;
}

/** No list, no date, nothing that JSON makes a text of. */
function namesItsParts(value: unknown): value is object {
  if (typeof value !== 'object' || value === null || isError(value)) return false;
  try {
    const plain = plainValue(value);
    return typeof plain === 'object' && plain !== null && !Array.isArray(plain);
  } catch {
    return false;
  }
}

/** `{ err }`, as pino has it, or `{ error }`. */
function errorIn(object: object): unknown {
  try {
    const { err, error } = object as { readonly err?: unknown; readonly error?: unknown };
    return isError(err) ? err : error;
  } catch {
    return undefined;
  }
}
