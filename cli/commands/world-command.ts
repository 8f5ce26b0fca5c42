import { Option, type Command } from 'commander';
import { WORLD_NAMES, type WorldName } from '../../world/scenes/common/world-names.ts';
import { answer, print, printError } from '../print.ts';
import { leaveInterruptsToSystem } from '../signals.ts';
import { seed } from '../values.ts';

/** Default folders of a build. */
const folders = (world: WorldName) => ({ out: `world/${world}`, work: `.textcraftor/world-build/${world}` });

interface BuildOptions {
  world: WorldName;
  out?: string;
  work?: string;
  only?: string;
  json?: true;
}

const which = () => new Option('--world <name>', 'which world').choices(WORLD_NAMES).default('gallery');

/** Adds `textcraftor world`: builds the embedded world's models from scratch, measures them, or shows a world's pictures. */
export function register(program: Command): void {
  const world = program.command('world').description('the embedded world: build its models, check them, look at it');
  addBuild(world);
  addCheck(world);
  addSheet(world);
}

function addBuild(world: Command): void {
  world
    .command('build')
    .description(
      'train every model of the world from scratch (about an hour on 2 cores); continues where it was stopped',
    )
    .addOption(which())
    .option('--out <dir>', 'folder of the world (default: world/NAME)')
    .option('--work <dir>', 'folder of finished steps (default: .textcraftor/world-build/NAME)')
    .option('--only <step>', 'run one step and stop')
    .option('--json', 'print one JSON object at the end: {world, folder}')
    .action(async (options: BuildOptions) => {
      const { buildWorld, buildWorldPart } = await import('../../api/build-world.ts');
      const { world, out, work, json } = { ...folders(options.world), ...options };
      const build = { world, out, work, log: json ? printError : print };
      if (options.only !== undefined) {
        leaveInterruptsToSystem();
        return buildWorldPart(options.only, build);
      }
      const { whenInterrupted } = await import('../../common/interrupt.ts');
      const { runWorldStep } = await import('../world/world-step.ts');
      whenInterrupted('start the same command again: finished steps are kept.');
      await buildWorld(build, (step) => runWorldStep(step, build));
      answer(
        json,
        { world, folder: out },
        `The world is in ${out}. "textcraftor world check ${out} --world ${world}" measures it.`,
      );
    });
}

function addCheck(world: Command): void {
  world
    .command('check [DIR]')
    .description('measure the world against its gates; exit code 1 when one fails')
    .addOption(which())
    .option('--json', 'print one JSON object: {ok, gates: [{name, value, low, high}]}')
    .action(async (folder: string | undefined, { world, json }: { world: WorldName; json?: true }) => {
      leaveInterruptsToSystem();
      const { checkWorld } = await import('../../world/training/check-world.ts');
      const { holds } = await import('../../world/training/check/gates.ts');
      const gates = await checkWorld(
        world,
        folder ?? folders(world).out,
        (line) => void (json ? undefined : print(line)),
      );
      const ok = gates.every(holds);
      if (json) print(JSON.stringify({ ok, gates }, null, 2));
      if (!ok) process.exitCode = 1;
    });
}

function addSheet(world: Command): void {
  world
    .command('sheet DIR')
    .description(
      'pictures and captions of a world: scenes.png, harder.png (of the gallery), examples.png, examples.jsonl',
    )
    .addOption(which())
    .option('--seed <n>', 'draws the scenes', seed, 0)
    .option('--json', 'print one JSON object: {files}')
    .action(async (out: string, { json, ...options }: { world: WorldName; seed: number; json?: true }) => {
      leaveInterruptsToSystem();
      const { writeWorldSheet } = await import('../../api/world-sheet.ts');
      const files = await writeWorldSheet({ out, ...options });
      print(json ? JSON.stringify({ files }, null, 2) : files.join('\n'));
    });
}
