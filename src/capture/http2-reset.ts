import type { Http2Stream } from 'node:http2';

import { errorText } from './error-text.ts';

export const NO_ERROR = 0;
export const CANCEL = 8;

/** Why a stream was closed, where that is known: its error, or the code that it was reset with. */
export function resetReason({ errored, rstCode }: Http2Stream): string {
  if (errored) return `: ${errorText(errored)}`;
  return rstCode === undefined || rstCode === NO_ERROR ? '' : ` (${CODES[rstCode] ?? rstCode})`;
}

/** The names of the codes of a reset (RFC 9113, section 7). */
const CODES = [
  'NO_ERROR',
  'PROTOCOL_ERROR',
  'INTERNAL_ERROR',
  'FLOW_CONTROL_ERROR',
  'SETTINGS_TIMEOUT',
  'STREAM_CLOSED',
  'FRAME_SIZE_ERROR',
  'REFUSED_STREAM',
  'CANCEL',
  'COMPRESSION_ERROR',
  'CONNECT_ERROR',
  'ENHANCE_YOUR_CALM',
  'INADEQUATE_SECURITY',
  'HTTP_1_1_REQUIRED',
];
