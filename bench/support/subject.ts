import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';

import { startProcess } from '../../test/support/run.ts';

/** A running program under test: it says on its IPC channel when it is ready, and then answers one question at a time. */
export class Subject<Ready, Question extends object, Answer> {
  readonly ready: Ready;
  readonly #process: ChildProcess;

  private constructor(process: ChildProcess, ready: Ready) {
    this.#process = process;
    this.ready = ready;
  }

  /** Starts it with a clean environment, and waits until it is ready. */
  static async start<Ready, Question extends object, Answer>(
    command: readonly [string, ...string[]],
    env: NodeJS.ProcessEnv = {},
  ): Promise<Subject<Ready, Question, Answer>> {
    const [program, ...args] = command;
    const child = startProcess(program, args, { env, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    return new Subject<Ready, Question, Answer>(child, (await nextMessage(child)) as Ready);
  }

  async ask(question: Question): Promise<Answer> {
    this.#process.send(question);
    return (await nextMessage(this.#process)) as Answer;
  }

  /** It ends by itself when nobody listens to it any more. */
  async stop(): Promise<void> {
    this.#process.disconnect();
    await once(this.#process, 'exit');
  }
}

function nextMessage(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const onMessage = (message: unknown): void => {
      child.off('exit', onExit);
      resolve(message);
    };
    const onExit = (code: number | null): void => {
      child.off('message', onMessage);
      reject(new Error(`${child.spawnargs.join(' ')} ended with ${code}`));
    };
    child.once('message', onMessage).once('exit', onExit);
  });
}
