import type { DirectedChoice } from './choice.ts';
import type { ExchangeHooks } from './exchange-hooks.ts';

/** What is recorded of HTTP exchanges, whether they come in or go out. */
export interface ExchangeOptions extends ExchangeHooks {
  /** How many bytes of a body a record shows; its size is counted in full. @default 65536 */
  readonly maxBodyBytes?: number;
  /** Whose bodies are shown: all, none, of one message, of one direction, or of these media types (`text/*`). @default 'all' */
  readonly captureBodies?: DirectedChoice;
  /** Whose headers are shown: all, none, of one message, of one direction, or those of these names (`x-*`). @default 'all' */
  readonly captureHeaders?: DirectedChoice;
}
