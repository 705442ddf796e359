import type { HeadersByName } from './headers-by-name.ts';

/** A request that goes out, as the application asked for it; the same for `node:http`, `fetch` and undici. */
export interface OutgoingRequest {
  readonly method: string;
  /** The whole of it, with the query. */
  readonly url: string;
  /** Those that it was created with; what `request.setHeader` adds later isn't known yet. */
  readonly headers: HeadersByName;
}
