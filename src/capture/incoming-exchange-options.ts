import type { Origin } from '../context/origin.ts';
import type { Work } from '../context/work.ts';
import type { IncomingDraft } from '../event/request-event.ts';
import type { Unfinished } from './in-flight.ts';
import type { IncomingRules } from './incoming-rules.ts';

/** What is given to each exchange that comes in. */
export interface IncomingExchangeOptions {
  /** Takes the exchange once it has ended. */
  readonly told: (exchange: Unfinished, draft: IncomingDraft, origin: Origin) => void;
  readonly work: Work;
  readonly rules: IncomingRules;
  readonly now: () => number;
}
