import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { InputError, RunError } from '../../common/errors.ts';
import { writeFiles } from '../../world/scenes/common/clip-tokenizer-files.ts';
import { whenInterrupted } from '../../common/interrupt.ts';
import { leaveInterruptsToSystem } from '../signals.ts';
import { endsWithThisProcess } from './children.ts';
import { assembleWorld } from '../../world/training/assemble-world.ts';
import { buildWorldStep } from '../../world/training/build-step.ts';
import { stepsOf, type WorldStep } from '../../world/training/recipes/recipe.ts';
import { withWorld, type World } from '../../world/training/worlds.ts';
import type { WorldName } from '../../world/scenes/common/world-names.ts';
import { print } from '../print.ts';

interface Options {
  world: WorldName;
  out: string;
  work: string;
  only?: string;
}

/** Steps that may run in parallel; each list runs after the one before. Every step is a process with one thread. */
const STAGES: readonly (readonly (readonly WorldStep[])[])[] = [
  [['web'], ['clear']],
  [['vae', 'decoder'], ['base']],
  [
    ['draft', 'layout', 'unet'],
    ['bank', 'clip', 'aesthetic', 'preference', 'heldOutBank', 'heldOut'],
  ],
  [['second', 'inpainting', 'control']],
];

/** Builds the world, each step in its own process, two at a time. */
export async function buildWorld(options: Options): Promise<void> {
  await withWorld(options.world, (world) => build(world, options));
}

async function build<S>(world: World<S>, { world: name, out, work, only }: Options): Promise<void> {
  const tokenizer = join(out, 'base', 'tokenizer');
  await writeFiles(tokenizer, world.tokenizer());
  const made = { world, work, tokenizer, log: (line: string) => print(line) };
  if (only !== undefined) {
    const known = stepsOf(world.recipe);
    const step = known.find((name) => name === only);
    if (!step) throw new InputError(`--only is "${only}"; expected one of ${known.join(', ')}.`);
    leaveInterruptsToSystem();
    return buildWorldStep(step, made);
  }
  whenInterrupted('start the same command again: finished steps are kept.');
  const known = stepsOf(world.recipe);
  for (const lanes of STAGES)
    await Promise.all(
      lanes.map(async (steps) => {
        for (const step of steps)
          if (known.includes(step)) await runStep(step, ['--world', name, '--out', out, '--work', work]);
      }),
    );
  await assembleWorld(out, made);
  print(`The world is in ${out}. "textcraftor world check ${out} --world ${name}" measures it.`);
}

async function runStep(step: WorldStep, options: readonly string[]): Promise<void> {
  const one = { TF_NUM_INTRAOP_THREADS: '1', TF_NUM_INTEROP_THREADS: '1', OMP_NUM_THREADS: '1' };
  // Otherwise glibc returns large blocks to the kernel at each step, which takes a fifth of the time.
  const malloc = {
    MALLOC_TRIM_THRESHOLD_: '4000000000',
    MALLOC_MMAP_THRESHOLD_: '4000000000',
    MALLOC_TOP_PAD_: '268435456',
  };
  const args = [process.argv[1]!, 'world', 'build', '--only', step, ...options];
  const child = spawn(process.execPath, [...process.execArgv, ...args], {
    stdio: 'inherit',
    env: { ...process.env, ...one, ...malloc },
  });
  endsWithThisProcess(child);
  const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
  if (code !== 0)
    throw new RunError(
      `The step ${step} ended with ${signal ?? `exit code ${code}`}; run the command again to continue from it.`,
    );
}
