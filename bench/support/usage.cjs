/** What this process has used. Plain CommonJS, since that adds the least to a process that does nothing. */
const { readFileSync } = require('node:fs');

module.exports = { cpuMicros, peakMegabytes, residentMegabytes };

/** Of all threads, user and system. */
function cpuMicros() {
  const { user, system } = process.cpuUsage();
  return user + system;
}

/**
 * The most memory that was resident at once, from Linux: `maxRSS` of `process.resourceUsage()` starts with what the
 * parent used when it forked, and serves only where there is nothing else.
 */
function peakMegabytes() {
  const [, kilobytes] = /^VmHWM:\s+(\d+)/m.exec(linuxStatus()) ?? [];
  return Number(kilobytes ?? process.resourceUsage().maxRSS) / 1024;
}

function residentMegabytes() {
  return process.memoryUsage.rss() / 1024 ** 2;
}

function linuxStatus() {
  try {
    return readFileSync('/proc/self/status', 'latin1');
  } catch {
    return '';
  }
}
