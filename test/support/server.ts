import http from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { once } from 'node:events';

/** Serves `handler` on a free port of this machine until the test ends. */
export async function serve(
  handler: http.RequestListener,
): Promise<{ port: number; url: string; close(): Promise<void> }> {
  const server = http.createServer(handler);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

export interface Reply {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: Buffer;
}

/** Sends one request by `node:http`, in the given chunks, and reads the reply to its end. */
export function send(port: number, options: http.RequestOptions, ...chunks: (string | Buffer)[]): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const request = http.request({ host: '127.0.0.1', port, agent: false, ...options }, (response) => {
      const received: Buffer[] = [];
      response.on('data', (chunk: Buffer) => received.push(chunk));
      response.on('error', reject);
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(received) }),
      );
    });
    request.on('error', reject);
    for (const chunk of chunks) request.write(chunk);
    request.end();
  });
}

/** Sends bytes as they are, and gives what came back until the other side closed or `isDone` says so. */
export function sendRaw(port: number, data: string | Buffer, isDone: (received: string) => boolean): Promise<string> {
  return new Promise((resolve, reject) => {
    let received = '';
    const socket = net.connect(port, '127.0.0.1', () => socket.write(data));
    socket.setEncoding('latin1');
    socket.on('data', (text: string) => {
      received += text;
      if (isDone(received)) socket.destroy();
    });
    socket.on('error', reject);
    socket.on('close', () => resolve(received));
  });
}
