import { guard } from '../event/guard.ts';
import type { Http2StreamMessage } from './http2-channel.ts';
import { type Refusable, obstructed } from './obstructed.ts';
import { UNAVAILABLE } from './unavailable.ts';

/** To be called right before a session hands a stream over, which it doesn't while no record of it can be written. */
export function obstructStream(message: Http2StreamMessage, exchange: Refusable): void {
  const { stream } = message;
  const obstacle = obstructed(stream);
  if (!obstacle) return;
  message.instead = (serve) => {
    stream.on('error', ignore);
    if ('hold' in obstacle) {
      return obstacle.hold(() => {
        stream.off('error', ignore);
        if (!stream.destroyed && !stream.closed) serve();
      });
    }
    exchange.refused(obstacle.refused);
    guard('refusing a request', () => {
      stream.respond({ ':status': UNAVAILABLE.status, ...UNAVAILABLE.headers });
      if (!stream.writableEnded) stream.end(UNAVAILABLE.body);
    });
  };
}

/** Node would end the process. */
function ignore(): void {}
