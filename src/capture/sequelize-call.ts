import { AsyncLocalStorage } from 'node:async_hooks';

import { type Answer, type Ended, observe } from './sequelize-around.ts';
import type { BeforeImages } from './sequelize-before-images.ts';
import type { OptionsShape, SequelizeShape } from './sequelize-shape.ts';

/** One call of the query interface. It knows which queries are its own: hooks of the application may send others. */
export class Call {
  /** That to its latest attempt; undefined where nothing was sent. */
  answer: Answer | undefined;
  /** The rows that it changes, as they were before. */
  images: BeforeImages | undefined;

  private readonly sequelize: SequelizeShape;
  private instance: object | undefined;
  private query: object | undefined;
  protected ended = false;

  /** @param instance what its query carries */
  constructor(sequelize: SequelizeShape, instance?: object) {
    this.sequelize = sequelize;
    this.instance = instance;
  }

  /**
   * Our `beforeQuery` runs before the application's, so that the first query is the call's; a retry has the same options.
   * Only a new connection may ask for the version of the database before, or another database for the password.
   */
  owns(options: OptionsShape, sequelize: SequelizeShape): boolean {
    if (this.ended || sequelize !== this.sequelize || options.type === 'VERSION') return false;
    if (this.instance) return options.instance === this.instance;
    this.query ??= options;
    return this.query === options;
  }

  /** A connection that was opened within the call keeps the call for as long as it lives. */
  end(): void {
    this.ended = true;
    this.answer = undefined;
    this.images = undefined;
    this.instance = undefined;
    this.query = undefined;
  }
}

/** A call all of whose queries are its own, such as a change of the schema. */
export class WholeCall extends Call {
  override owns(): boolean {
    return !this.ended;
  }
}

const calls = new AsyncLocalStorage<Call>();

/** The call that the running code is in. */
export function currentCall(): Call | undefined {
  return calls.getStore();
}

/** Runs `run` as the given call. */
export function within(
  call: Call,
  run: () => Promise<unknown>,
  ended?: (outcome: Ended, answer: Answer | undefined) => void,
): Promise<unknown> {
  return observe(
    () => calls.run(call, run),
    (outcome) => {
      const { answer } = call;
      call.end();
      ended?.(outcome, answer);
    },
  );
}
