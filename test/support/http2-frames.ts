/** Frames of HTTP/2, for what no client sends, or not at once. */

/** What a client begins a connection with. */
export const preface: Buffer = Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), frame(4, 0, 0)]);

/** A request for a path shorter than 128 characters, whose body comes next, or is over. */
export function requestFrame(id: number, method: 'GET' | 'POST', path: string, isOver = method === 'GET'): Buffer {
  const block = [method === 'GET' ? 0x82 : 0x83, 0x86, ...literal(1, 'host'), ...literal(4, path)];
  return frame(1, END_HEADERS | (isOver ? END_STREAM : 0), id, Buffer.from(block));
}

/** The last of a body. */
export function lastDataFrame(id: number, data: string): Buffer {
  return frame(0, END_STREAM, id, Buffer.from(data));
}

/** A reset, by default with CANCEL. */
export function resetFrame(id: number, code = 8): Buffer {
  return frame(3, 0, id, Buffer.from([0, 0, 0, code]));
}

const END_STREAM = 1;
const END_HEADERS = 4;

/** Of a header that HPACK knows by a number. */
function literal(name: number, value: string): number[] {
  return [name, value.length, ...Buffer.from(value)];
}

function frame(type: number, flags: number, id: number, payload: Buffer = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(id, 5);
  return Buffer.concat([head, payload]);
}
