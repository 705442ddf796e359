import { monitorEventLoopDelay } from 'node:perf_hooks';

import { cpuMicros, peakMegabytes } from '../support/usage.cjs';

/** In milliseconds: between two looks at how late the event loop is. */
const RESOLUTION = 1;

/** Does some work, and tells what it took: microseconds of CPU, seconds, MB at the peak so far, milliseconds. */
export async function measured(work) {
  const delays = monitorEventLoopDelay({ resolution: RESOLUTION });
  delays.enable();
  const cpuBefore = cpuMicros();
  const start = performance.now();
  await work();
  const seconds = (performance.now() - start) / 1000;
  const cpu = cpuMicros() - cpuBefore;
  await new Promise(setImmediate);
  delays.disable();
  const late = (nanoseconds) => Math.max(0, nanoseconds / 1e6 - RESOLUTION);
  return { cpu, seconds, memory: peakMegabytes(), late: late(delays.percentile(99)), latest: late(delays.max) };
}
