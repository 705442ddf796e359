import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/**
 * Starts an application with `activity-audit/register`, and waits until it says where it listens.
 *
 * @param {string} app
 * @param {{ cwd: string, env: NodeJS.ProcessEnv }} options
 */
export async function startApp(app, options) {
  const child = spawn(process.execPath, ['--import', 'activity-audit/register', app], {
    ...options,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const closed = once(child, 'close');
  /** @type {string[]} what it prints */
  const lines = [];
  const url = await new Promise((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      lines.push(line);
      const listening = /^Listening on (\S+)$/.exec(line);
      if (listening) resolve(listening[1]);
    });
    closed.then(([code]) => reject(new Error(`${app} ended with ${code} before it listened`)), reject);
  });
  return {
    url,
    lines,
    async stop() {
      child.kill('SIGTERM');
      await closed;
    },
  };
}
