import { guard } from '../event/guard.ts';
import { obstacleTo } from '../event/obstacle.ts';
import type { Recorder } from './sequelize-recorder.ts';
import type { Statement } from './sequelize-statement.ts';

/**
 * Why a change must not be made: it would have a record, and none can be written. It is told in no record either: what
 * waits to be written is bounded, and what was not done must not push out what was.
 *
 * @returns undefined where it may be made, which is what is usual
 */
export function refusal(recorder: Recorder, tell: Statement['tell']): string | undefined {
  const obstacle = guard('asking whether records can be written', () => obstacleTo('audit'));
  if (!obstacle || obstacle.passed) return undefined;
  const told = guard('describing a statement', () => tell());
  return told && !recorder.leavesOut(told.model) ? obstacle.reason : undefined;
}
