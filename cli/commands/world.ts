import type { Command } from 'commander';
import { print } from '../print.ts';
import { leaveInterruptsToSystem } from '../signals.ts';

const WORLD = 'world';
const WORK = '.textcraftor/world-build';

/** Adds `textcraftor world`: builds the embedded world's models from scratch, or measures them. */
export function register(program: Command): void {
  const world = program.command('world').description('the embedded world: build its models, check them');
  world
    .command('build')
    .description(
      'train every model of the world from scratch (about an hour on 2 cores); continues where it was stopped',
    )
    .option('--out <dir>', 'folder of the world', WORLD)
    .option('--work <dir>', 'folder of finished steps', WORK)
    .option('--only <step>', 'run one step and stop')
    .action(async ({ out, work, only }: { out: string; work: string; only?: string }) => {
      const { buildWorld } = await import('../world/world-build.ts');
      await buildWorld({ out, work, ...(only !== undefined && { only }) });
    });
  world
    .command('check [DIR]')
    .description('measure the world against its gates; exit code 1 when one fails')
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
