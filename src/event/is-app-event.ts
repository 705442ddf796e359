import type { AnyEvent, AppEvent } from './event.ts';
import type { JsonText } from './json-text.ts';

/** Whether any code in the process logged it: app records may bear any name, ours too. */
export function isAppEvent(event: AnyEvent<JsonText>): event is AppEvent {
  return 'exception' in event;
}
