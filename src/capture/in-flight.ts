/** What was begun and has not ended. It doesn't throw. */
export interface Unfinished {
  /** Nothing more will happen: it is told as it is. */
  processEnded(): void;
}

/**
 * What an instrumentation has begun to watch. While it is open, what is still there when the process ends is told then: a
 * handler that threw may end the process before its response was closed.
 */
export class InFlight {
  readonly #unfinished = new Set<Unfinished>();

  open(): void {
    if (opened.size === 0) process.on('exit', onExit);
    opened.add(this);
  }

  /** What is in flight is not forgotten, for when it is opened again. */
  close(): void {
    if (opened.delete(this) && opened.size === 0) process.removeListener('exit', onExit);
  }

  add(one: Unfinished): void {
    this.#unfinished.add(one);
  }

  delete(one: Unfinished): void {
    this.#unfinished.delete(one);
  }

  /** @internal */
  processEnded(): void {
    for (const one of this.#unfinished) one.processEnded();
  }
}

/** One listener a process, however many instrumentations there are: Node warns an application of its eleventh. */
const opened = new Set<InFlight>();

function onExit(): void {
  for (const inFlight of opened) inFlight.processEnded();
}
