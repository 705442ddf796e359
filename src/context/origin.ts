import { type Context, ROOT_CONTEXT, context, isSpanContextValid, trace } from '../vendor/opentelemetry.ts';
import { actorOf } from './actor-of.ts';
import type { Actor } from './actor.ts';
import { type Work, currentWork } from './work.ts';

/** Who, when, through which request and under which span: taken when a thing happens, used when it is told. */
export interface Origin {
  /** Milliseconds since 1970, UTC. */
  readonly time: number;
  readonly actor: Actor;
  readonly requestId: string | undefined;
  /** The migration of the database that it is a part of. */
  readonly migration?: string | undefined;
  /** OpenTelemetry's context, with the active span or else the caller's. */
  readonly context: Context;
}

/** The origin of what is happening right now. */
export function currentOrigin(now: () => number = Date.now): Origin {
  return originOf(currentWork(), now(), context.active());
}

/** The origin of what was done in `work`, `active` being the context with its span, if that is known. */
export function originOf(work: Work | undefined, time: number, active: Context = ROOT_CONTEXT): Origin {
  const { requestId, migration } = work ?? {};
  return { time, actor: actorOf(work), requestId, migration, context: spanOrCaller(active, work) };
}

/** `active` where it has a span, else with the span of the caller, if the request named one. */
function spanOrCaller(active: Context, work: Work | undefined): Context {
  if (!work?.remoteSpan) return active;
  const span = trace.getSpanContext(active);
  return span && isSpanContextValid(span) ? active : trace.setSpanContext(active, work.remoteSpan);
}
