import type Zlib from 'node:zlib';

type Decoder = (bytes: Buffer, maxOutputLength: number) => Buffer;

/** Decoders that take what was cut in the middle: they give what there is. */
const DECODERS: Readonly<Record<string, Decoder>> = {
  gzip: gunzip,
  'x-gzip': gunzip,
  deflate: inflate,
  br: brotli,
  zstd,
};

/** The first bytes of a body, and whether they are all that its encoded bytes hold. */
export interface Decoded {
  readonly bytes: Buffer;
  readonly whole: boolean;
}

/** As many as anybody packs into each other: a sender can name thousands, which would take seconds. */
const MAX_CODINGS = 3;

/**
 * The first bytes of a body without its `Content-Encoding`, at most `limit` of them however well they were packed;
 * undefined if the encoding is unknown or the bytes aren't what it says.
 */
export function decodeContent(bytes: Buffer, encoding: string, limit: number): Decoded | undefined {
  let decoded: Decoded = { bytes, whole: true };
  if (encoding === '') return decoded;
  const codings = encoding.toLowerCase().split(',');
  if (codings.length > MAX_CODINGS) return undefined;
  for (const coding of codings.toReversed()) {
    const name = coding.trim();
    if (name === '' || name === 'identity') continue;
    const decoder = Object.hasOwn(DECODERS, name) ? DECODERS[name] : undefined;
    const output = decoder && decodeUpTo(decoded.bytes, decoder, limit);
    if (!output) return undefined;
    decoded = { bytes: output.bytes, whole: decoded.whole && output.whole };
  }
  return decoded;
}

/** What may be unpacked, to be cut to the limit: most bodies that are longer than it are shorter than this. */
const MAX_UNPACKED_BYTES = 1024 * 1024;

/**
 * Decodes as much as fits: a synchronous decoder gives nothing at all when the output is too long, so less and less is
 * given to it. Each try is bounded, and there are at most as many as the input's length has bits.
 */
function decodeUpTo(bytes: Buffer, decoder: Decoder, limit: number): Decoded | undefined {
  for (let input = bytes; ; input = input.subarray(0, input.length >> 1)) {
    try {
      const output = decoder(input, Math.max(limit, MAX_UNPACKED_BYTES));
      return { bytes: output.subarray(0, limit), whole: input === bytes && output.length <= limit };
    } catch (error) {
      const tooLong = (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE';
      if (!tooLong || input.length < 2) return undefined;
    }
  }
}

/** Asked for when it is needed: most processes start, and many end, without a compressed body. */
const zlib = (): typeof Zlib => process.getBuiltinModule('node:zlib');

function gunzip(bytes: Buffer, maxOutputLength: number): Buffer {
  const { gunzipSync, constants } = zlib();
  return gunzipSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength });
}

function brotli(bytes: Buffer, maxOutputLength: number): Buffer {
  const { brotliDecompressSync, constants } = zlib();
  return brotliDecompressSync(bytes, { finishFlush: constants.BROTLI_OPERATION_FLUSH, maxOutputLength });
}

/** Senders disagree on whether `deflate` has the zlib header (RFC 9110, section 8.4.1.2). */
function inflate(bytes: Buffer, maxOutputLength: number): Buffer {
  const hasHeader = bytes.length > 1 && ((bytes[0] as number) & 0x0f) === 8 && bytes.readUInt16BE(0) % 31 === 0;
  const { inflateSync, inflateRawSync, constants } = zlib();
  return (hasHeader ? inflateSync : inflateRawSync)(bytes, { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength });
}

/** @throws TypeError on Node.js below 22.15, which doesn't have it */
function zstd(bytes: Buffer, maxOutputLength: number): Buffer {
  const { zstdDecompressSync, constants } = zlib();
  return zstdDecompressSync(bytes, { finishFlush: constants.ZSTD_e_flush, maxOutputLength });
}
