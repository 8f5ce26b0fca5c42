import type { Command } from 'commander';
import type { Check } from '../doctor/checks.ts';
import { print, say } from '../print.ts';

const marks = { ok: 'ok      ', warning: 'warning ', failed: 'FAILED  ' };

function lines(check: Check): string[] {
  return [
    `${marks[check.status]}${check.name.padEnd(12)}${check.found}`,
    ...check.advice.map((line) => `${' '.repeat(20)}${line}`),
  ];
}

/** Adds `textcraftor doctor`: exit code 1 when a check failed. */
export function register(program: Command): void {
  program
    .command('doctor')
    .description('check Node, compiler, Python, TensorFlow, Temporal, disk, memory and ports')
    .option('--json', 'print one JSON object: {ok, checks: [{name, status, found, advice}]}')
    .action(async (options: { json?: true }) => {
      const { runChecksInChild } = await import('../doctor/run-checks.ts');
      const checks = await runChecksInChild();
      const ok = checks.every((check) => check.status !== 'failed');
      if (options.json) print(JSON.stringify({ ok, checks }, null, 2));
      else say(checks.flatMap(lines).join('\n'));
      if (!ok) process.exitCode = 1;
    });
}
