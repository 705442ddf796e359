import { runInWork } from '../context/work.ts';
import { guard } from '../event/guard.ts';
import { publishMalformed } from './malformed-channel.ts';
import { mark } from './mark.ts';
import { shadow } from './shadow.ts';
import { type UpgradeMessage, publishUpgrade } from './upgrade-channel.ts';

const PUBLISHED = Symbol.for('activity-audit.http.server-events.1');

/**
 * Has an HTTP server publish what no channel of Node tells of it: upgrades, and requests that can't be read. Any other
 * server is left alone. The method `emit` is shadowed on the server, not patched on its class: there a tracing
 * instrumentation may have put a wrapper, which it couldn't take off below ours.
 */
export function publishServerEvents(server: object | undefined): void {
  if (!server || !('closeIdleConnections' in server) || !mark(server, PUBLISHED)) return;
  shadow(server, 'emit', (original) => {
    return function emit(this: unknown, name: unknown, first: unknown, second: unknown, third: unknown) {
      const publish = PUBLISHERS[name as string];
      const message = publish && guard('watching a server', () => publish(first, second, third));
      if (!message?.work) return Reflect.apply(original, this, arguments);
      const { work, instead } = message;
      const serve = (): unknown => runInWork(work, () => Reflect.apply(original, this, arguments));
      if (!instead) return serve();
      instead(serve);
      return true;
    };
  });
}

type Published = Pick<UpgradeMessage, 'work' | 'instead'>;

/** By event. */
const PUBLISHERS: Readonly<Record<string, ((...args: unknown[]) => Published | undefined) | undefined>> = Object.assign(
  Object.create(null),
  {
    upgrade: publishUpgrade,
    connect: publishUpgrade,
    clientError: publishMalformed,
  },
);
