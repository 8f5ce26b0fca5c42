import type { Command } from 'commander';
import { print } from '../print.ts';
import { leaveInterruptsToSystem } from '../signals.ts';

const WORLD = 'world';
const WORK = '.textcraftor/world-build';

/** Adds `textcraftor world`: build the embedded world's models from nothing, or measure them. */
export function register(program: Command): void {
  const world = program.command('world').description('the embedded world: build its models, check them');
  world
    .command('build')
    .description('train every model of the world from nothing (about an hour on 2 cores); goes on where it was stopped')
    .option('--out <dir>', 'where the world goes', WORLD)
    .option('--work <dir>', 'where finished steps are kept', WORK)
    .option('--only <step>', 'run one step and stop')
    .action(async ({ out, work, only }: { out: string; work: string; only?: string }) => {
      const { buildWorld } = await import('../world/world-build.ts');
      await buildWorld({ out, work, ...(only !== undefined && { only }) });
    });
  world
    .command('check [DIR]')
    .description('measure the world against its gates; exit code 1 when one does not hold')
    .option('--json', 'print one JSON object: {ok, gates: [{name, value, low, high}]}')
    .action(async (folder: string | undefined, { json }: { json?: true }) => {
      leaveInterruptsToSystem();
      const { checkWorld } = await import('../../world/training/check-world.ts');
      const gates = await checkWorld(folder ?? WORLD, (line) => void (json ? undefined : print(line)));
      const ok = gates.every(({ value, low, high }) => value >= low && value <= high);
      if (json) print(JSON.stringify({ ok, gates }, null, 2));
      if (!ok) process.exitCode = 1;
    });
}
