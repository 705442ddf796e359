import { guard } from '../event/guard.ts';

/**
 * Calls `flush` before the process ends: by itself, by `process.exit`, by an uncaught exception, and, while something
 * is held, by a signal. What the application and its parent see of the end stays the same: exit codes, signals, and
 * whether the application's own handlers decide.
 *
 * While nothing is held there is no signal listener: one listener more is seen by `process.listenerCount`, and makes a
 * process that is stuck in a loop deaf to Ctrl-C. Listening comes at a price (25 to 30 µs for each time), so hold only
 * what is worth it.
 */
export class ExitWatch {
  readonly #flush: () => void;

  /** @param flush is synchronous; it may be called several times, also when nothing is held */
  constructor(flush: () => void) {
    this.#flush = flush;
    if (open.size === 0) process.on('exit', onExit);
    open.add(this);
  }

  /** Something is held now. In a process that is ending already, it is flushed at once. */
  hold(): void {
    if (exiting) this.flush();
    else if (open.has(this) && isMainThread()) listenToSignals(this);
  }

  /** Nothing is held any more. */
  release(): void {
    if (holding.delete(this) && holding.size === 0) stopListeningWhenQuiet();
  }

  close(): void {
    this.release();
    if (open.delete(this) && open.size === 0) process.removeListener('exit', onExit);
  }

  /** @internal */
  flush(): void {
    guard('flushing records at exit', this.#flush);
  }
}

let isMain: boolean | undefined;

/** Asked when something is held: a process starts without the module. */
function isMainThread(): boolean {
  return (isMain ??= process.getBuiltinModule('node:worker_threads').isMainThread);
}

/** One set of listeners a process, however many watches there are. */
const open = new Set<ExitWatch>();
const holding = new Set<ExitWatch>();

let exiting = false;
let listening = false;
let stopping = false;

function onExit(): void {
  exiting = true;
  for (const watch of open) watch.flush();
}

const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;

function listenToSignals(watch: ExitWatch): void {
  holding.add(watch);
  if (listening) return;
  listening = true;
  for (const signal of SIGNALS) process.prependListener(signal, onSignal);
}

/**
 * Flushes, and is gone before anybody else hears of the signal: the application's listeners see only themselves. Where
 * there are none, the signal is sent again, now to do what it does by default.
 */
function onSignal(signal: NodeJS.Signals): void {
  stopListening();
  for (const watch of holding) watch.flush();
  if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
}

function stopListening(): void {
  listening = false;
  for (const signal of SIGNALS) process.removeListener(signal, onSignal);
}

/** The application's tests may replace the timers and the clock; these are the true ones. */
const onNextTurn = setImmediate;
const now = process.hrtime.bigint.bind(process.hrtime);

/** An event loop's turn in which nothing runs takes some 10 µs. */
const QUIET_NS = 200_000n;

/**
 * A signal that has arrived, but was not yet delivered when its last listener is removed, is lost: the process would
 * survive a SIGTERM. Node delivers signals once a turn, and what runs in the turn after that leaves time for another
 * to arrive. So the listeners are removed at the end of the first turn in which next to nothing ran.
 */
function stopListeningWhenQuiet(): void {
  if (stopping) return;
  stopping = true;
  let lastTurn = 0n;
  onNextTurn(function endOfTurn(): void {
    const thisTurn = now();
    const isQuiet = thisTurn - lastTurn < QUIET_NS;
    lastTurn = thisTurn;
    if (listening && holding.size === 0 && !isQuiet) {
      onNextTurn(endOfTurn);
      return;
    }
    stopping = false;
    if (listening && holding.size === 0) stopListening();
  });
}
