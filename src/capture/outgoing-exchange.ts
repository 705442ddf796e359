import type { Origin } from '../context/origin.ts';
import { guard } from '../event/guard.ts';
import type { OutgoingDraft } from '../event/request-event.ts';
import { PassingBody } from './passing-body.ts';

export interface OutgoingExchangeOptions {
  /** Who asked for it, and when. */
  readonly origin: Origin;
  /** Takes the exchange once it has ended. */
  readonly told: (exchange: OutgoingExchange, draft: OutgoingDraft, origin: Origin) => void;
  readonly maxBodyBytes: number;
  readonly now: () => number;
}

/** What a client knows of its exchange, beside what is the same for all clients. */
export type OutgoingFacts = Omit<OutgoingDraft, 'requestBody' | 'responseBody' | 'error' | 'seconds'>;

/** One outgoing request and its response: of the work that asked for it, and told once, however it ends. */
export abstract class OutgoingExchange {
  protected readonly requestBody: PassingBody;
  protected readonly responseBody: PassingBody;
  readonly #options: OutgoingExchangeOptions;
  readonly #startedAt = performance.now();
  #isTold = false;

  constructor(options: OutgoingExchangeOptions) {
    this.#options = options;
    this.requestBody = new PassingBody(options.maxBodyBytes);
    this.responseBody = new PassingBody(options.maxBodyBytes);
  }

  /** Asked once, when the exchange is told. */
  protected abstract facts(): OutgoingFacts;

  /** Nothing more will happen. */
  processEnded(): void {
    this.tell('The process ended before the response was complete');
  }

  /** Tells the exchange as it is now, unless it was told before. Never throws. */
  protected tell(error: string | null): void {
    if (this.#isTold) return;
    this.#isTold = true;
    guard('recording an outgoing request', () => {
      const { requestBody, responseBody } = this;
      const { told, origin, now } = this.#options;
      const seconds = Math.round((performance.now() - this.#startedAt) * 1000) / 1e6;
      told(this, { ...this.facts(), requestBody, responseBody, error, seconds }, { ...origin, time: now() });
    });
  }

  protected requestChunk(chunk: unknown, encoding?: unknown): void {
    if (!this.#isTold) guard('keeping a request body', () => this.requestBody.add(chunk, encoding));
  }

  protected responseChunk(chunk: unknown, encoding?: unknown): void {
    if (!this.#isTold) guard('keeping a response body', () => this.responseBody.add(chunk, encoding));
  }
}
