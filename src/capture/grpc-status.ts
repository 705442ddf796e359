import { decodeComponent } from '../event/decode-component.ts';
import { headerOf } from '../event/header-of.ts';

/** Whether a response is that of a call of gRPC, whose trailers say how it went. */
export function isGrpc(headers: readonly string[]): boolean {
  return headerOf(headers, 'content-type').startsWith('application/grpc');
}

/**
 * What a call of gRPC failed with; null where it went well, or doesn't say.
 *
 * @param headers those of the response; of one without a body, its trailers are among them
 * @param trailers what came, or was sent, after the body
 */
export function grpcError(headers: readonly string[], trailers: readonly string[]): string | null {
  if (!isGrpc(headers)) return null;
  const all = [...headers, ...trailers];
  const status = headerOf(all, 'grpc-status');
  if (status === '' || status === '0') return null;
  const message = decodeComponent(headerOf(all, 'grpc-message'));
  const name = NAMES[Number(status)];
  return `gRPC status ${status}${name ? ` (${name})` : ''}${message && `: ${message}`}`;
}

/** The names of the codes, in their order. */
const NAMES: readonly (string | undefined)[] = [
  'OK',
  'CANCELLED',
  'UNKNOWN',
  'INVALID_ARGUMENT',
  'DEADLINE_EXCEEDED',
  'NOT_FOUND',
  'ALREADY_EXISTS',
  'PERMISSION_DENIED',
  'RESOURCE_EXHAUSTED',
  'FAILED_PRECONDITION',
  'ABORTED',
  'OUT_OF_RANGE',
  'UNIMPLEMENTED',
  'INTERNAL',
  'UNAVAILABLE',
  'DATA_LOSS',
  'UNAUTHENTICATED',
];
