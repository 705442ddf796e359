import type { AnyEvent, AppEvent, LoginEvent, ModelEvent, RequestEvent } from '../event/event.ts';
import { isAppEvent } from '../event/is-app-event.ts';
import type { JsonText } from '../event/json-text.ts';

/**
 * An event as the original system's console shows it, without a line feed:
 * `%(levelname)s %(asctime)s %(pathname)s %(module)s %(funcName)s %(message)s`. A part that isn't known is `-`.
 *
 * @param level what to show for the level
 */
export function consoleLine(event: AnyEvent<JsonText>, level: string = printable(event.level)): string {
  const { pathname, module, function: functionName, message } = partsOf(event);
  const place = [asctime(event.timestamp), pathname, module, functionName].map(known).join(' ');
  return `${level} ${place} ${printable(message)}`;
}

/** `text` on one line that does nothing to a terminal: no control characters, nothing that reverses what follows. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, escape);
}

interface Parts {
  readonly pathname: string;
  readonly module: string;
  readonly function: string;
  readonly message: string;
}

function partsOf(event: AnyEvent<JsonText>): Parts {
  if (isAppEvent(event)) return appParts(event);
  switch (event.name) {
    case 'audit.model':
      return modelParts(event);
    case 'audit.request':
      return requestParts(event);
    default:
      return loginParts(event);
  }
}

function appParts(event: AppEvent): Parts {
  const attributes = event.attributes ? ` ${JSON.stringify(event.attributes)}` : '';
  const exception = event.exception === '' ? '' : ` ${event.exception}`;
  return {
    pathname: event.path,
    module: event.module,
    function: event.function,
    message: `${event.message}${attributes}${exception}`,
  };
}

function modelParts({ model, event_type, message, outcome, error_message }: ModelEvent<JsonText>): Parts {
  const failure = outcome === 'failure' ? ` failure: ${error_message ?? 'unknown'}` : '';
  return { pathname: '', module: model, function: event_type.toLowerCase(), message: `${message}${failure}` };
}

function requestParts(event: RequestEvent<JsonText>): Parts {
  const { request_repr: request, response_repr: response, error_message } = event;
  const failure = error_message ? ` ${error_message}` : '';
  return {
    pathname: 'path' in request ? request.path : request.endpoint.replace(/[?#].*/s, ''),
    module: 'http',
    function: request.method,
    message: `${event.message} ${response.status_code ?? '-'} ${event.execution_time.toFixed(3)}s${failure}`,
  };
}

function loginParts({ event, message, success, error }: LoginEvent): Parts {
  const failure = success ? '' : ` failure: ${error ?? 'unknown'}`;
  return { pathname: '', module: 'login', function: event, message: `${message}${failure}` };
}

function asctime(timestamp: string): string {
  return timestamp.replace('.', ',');
}

function known(part: string): string {
  return part === '' ? '-' : printable(part);
}

/** C0 and C1 controls, Unicode's line breaks, and what overrides or isolates the direction of writing. */
// oxlint-disable-next-line no-control-regex -- control characters are what it looks for
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

const SHORT_ESCAPES: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

function escape(character: string): string {
  return SHORT_ESCAPES[character] ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
