/** Asks one server after another for as much as it gives, as its parent says. */
import { connect } from 'node:net';

import { quantile } from '../support/statistics.ts';
import { ORDER, PATH } from './exchange.js';

export interface Load {
  readonly port: number;
  readonly milliseconds: number;
}

export interface Served {
  readonly requests: number;
  readonly requestsPerSecond: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
}

/** Each sends its next request when it has the response to the last one. */
const CONNECTIONS = 10;

process.on('message', (load: Load) => void served(load).then((answer) => process.send?.(answer)));
process.on('disconnect', () => process.exit());
process.send?.('ready');

async function served({ port, milliseconds }: Load): Promise<Served> {
  const start = performance.now();
  const latencies: number[] = [];
  await Promise.all(Array.from({ length: CONNECTIONS }, () => keepAsking(port, start + milliseconds, latencies)));
  const seconds = (performance.now() - start) / 1000;
  latencies.sort((a, b) => a - b);
  return {
    requests: latencies.length,
    requestsPerSecond: latencies.length / seconds,
    p50: quantile(latencies, 0.5),
    p99: quantile(latencies, 0.99),
  };
}

/** A client that costs little beside the server: it knows that a response has a length, and that its head comes whole. */
function keepAsking(port: number, until: number, latencies: number[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true }, ask);
    let askedAt = 0;
    let missing = 0;
    socket.on('data', (chunk) => {
      if (missing === 0) missing = lengthOf(chunk);
      missing -= chunk.length;
      if (missing > 0) return;
      const now = performance.now();
      latencies.push(now - askedAt);
      if (now < until) ask();
      else socket.end();
    });
    socket.on('close', () => resolve());
    socket.on('error', reject);

    function ask(): void {
      askedAt = performance.now();
      socket.write(REQUEST);
    }
  });
}

const BODY = JSON.stringify(ORDER);

const REQUEST = Buffer.from(
  [
    `POST ${PATH} HTTP/1.1`,
    'Host: 127.0.0.1',
    'User-Agent: bench',
    'Accept: application/json',
    'Authorization: Bearer b3f1c2d4e5a697887766554433221100',
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(BODY)}`,
    '',
    BODY,
  ].join('\r\n'),
);

/** Of the whole response, from its first bytes. */
function lengthOf(chunk: Buffer): number {
  const end = chunk.indexOf('\r\n\r\n') + 4;
  const head = chunk.toString('latin1', 0, end);
  const [, length] = /^content-length: (\d+)/im.exec(head) ?? [];
  if (!head.startsWith('HTTP/1.1 200') || length === undefined) throw new Error(`The server answered ${head}`);
  return end + Number(length);
}
