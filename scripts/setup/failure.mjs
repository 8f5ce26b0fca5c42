import { spawnSync } from 'node:child_process';

/** Stops the set-up: what is missing, and how to get it. */
export class SetupError extends Error {
  /**
   * @param {string} problem one sentence: what is wrong
   * @param {string[]} advice ways to put it right, one a line
   */
  constructor(problem, advice = []) {
    super([problem, ...advice.map((line) => `  ${line}`)].join('\n'));
    this.name = 'SetupError';
  }
}

/**
 * Runs a command to its end and returns what it printed.
 * @param {string} command
 * @param {string[]} args
 * @param {{ cwd?: string, timeout?: number, stdio?: import('node:child_process').StdioOptions }} [options] timeout in milliseconds
 * @returns {{ ok: boolean, stdout: string, stderr: string }} `ok` is also false if the command does not exist
 */
export function capture(command, args, options = {}) {
  const result = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 64 << 20, ...options });
  return {
    ok: result.status === 0,
    stdout: (result.stdout ?? '').trim(),
    stderr: (result.stderr ?? '').trim() || (result.error ? result.error.message : (result.signal ?? '')),
  };
}

/**
 * Returns the last lines of a tool's output, for an error message.
 * @param {string} text
 */
export function tail(text, lines = 12) {
  return text.split('\n').filter(Boolean).slice(-lines);
}
