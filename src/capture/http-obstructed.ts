import type { IncomingMessage, Server, ServerResponse } from 'node:http';

import { guard } from '../event/guard.ts';
import { insteadOfServing } from './instead-of-serving.ts';
import { type Refusable, obstructed } from './obstructed.ts';
import { UNAVAILABLE } from './unavailable.ts';
import type { UpgradeMessage } from './upgrade-channel.ts';

/** To be called right before a server hands a request over, which it doesn't while no record of it can be written. */
export function obstructRequest(
  server: Server,
  request: IncomingMessage,
  response: ServerResponse,
  exchange: Refusable,
): void {
  const { socket } = request;
  const obstacle = obstructed(socket);
  if (!obstacle) return;
  insteadOfServing(server, request, (serve) => {
    if ('hold' in obstacle) {
      return obstacle.hold(() => {
        if (!request.destroyed && !socket.destroyed) serve();
      });
    }
    exchange.refused(obstacle.refused);
    guard('refusing a request', () => {
      response.writeHead(UNAVAILABLE.status, { ...UNAVAILABLE.headers, 'content-length': UNAVAILABLE.body.length });
      response.end(UNAVAILABLE.body);
    });
  });
}

/** The same for a connection, which a server hands over with the request that asked for that. Nobody else listens to it yet. */
export function obstructUpgrade(message: UpgradeMessage, exchange: Refusable): void {
  const { request, socket } = message;
  const obstacle = obstructed(request.socket);
  if (!obstacle) return;
  message.instead = (serve) => {
    socket.on('error', ignore);
    if ('hold' in obstacle) {
      return obstacle.hold(() => {
        socket.off('error', ignore);
        if (!socket.destroyed) serve();
      });
    }
    exchange.refused(obstacle.refused);
    socket.once('finish', () => socket.destroy());
    socket.end(REFUSAL);
  };
}

/** Node would end the process. */
function ignore(): void {}

const REFUSAL = [
  `HTTP/1.1 ${UNAVAILABLE.status} Service Unavailable`,
  ...Object.entries(UNAVAILABLE.headers).map(([name, value]) => `${name}: ${value}`),
  `content-length: ${UNAVAILABLE.body.length}`,
  'connection: close',
  '',
  UNAVAILABLE.body,
].join('\r\n');
