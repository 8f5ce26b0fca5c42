import { join } from 'node:path';
import { InputError } from '../common/errors.ts';
import { writeFiles } from '../world/scenes/common/clip-tokenizer-files.ts';
import type { WorldName } from '../world/scenes/common/world-names.ts';
import { assembleWorld } from '../world/training/assemble-world.ts';
import { buildWorldStep } from '../world/training/build-step.ts';
import { stepsOf, type WorldStep } from '../world/training/recipes/recipe.ts';
import type { WorldBuild } from '../world/training/step-files.ts';
import { withWorld, type World } from '../world/training/worlds.ts';

export interface BuildWorldOptions {
  world: WorldName;
  /** Folder of the world. */
  out: string;
  /** Folder of finished steps, which are kept. */
  work: string;
  /** Called with each line of progress. */
  log(line: string): void;
}

/** Steps that may run in parallel; each list runs after the one before. */
const STAGES: readonly (readonly (readonly WorldStep[])[])[] = [
  [['web'], ['clear']],
  [['vae'], ['base']],
  [
    ['draft', 'layout', 'unet'],
    ['decoder', 'bank', 'clip', 'aesthetic', 'preference', 'heldOutBank', 'heldOut'],
  ],
  [['second']],
  [['inpainting'], ['control']],
];

/**
 * Trains every model of a world from nothing, and writes its folders. Continues where an earlier call stopped.
 * @param step runs {@link buildWorldPart} for a step with the same options, up to two at a time: best in a process of
 *   its own with one thread
 * @example
 * ```ts
 * import { buildWorld, buildWorldPart } from './api/build-world.ts';
 *
 * const options = { world: 'shapes', out: 'world', work: 'steps', log: console.log } as const;
 * await buildWorld(options, (step) => buildWorldPart(step, options));
 * ```
 */
export async function buildWorld(options: BuildWorldOptions, step: (name: WorldStep) => Promise<void>): Promise<void> {
  await withWorld(options.world, async (world) => {
    const build = await prepared(world, options);
    const known = stepsOf(world.recipe);
    for (const lanes of STAGES)
      await Promise.all(
        lanes.map(async (steps) => {
          for (const name of steps) if (known.includes(name)) await step(name);
        }),
      );
    await assembleWorld(options.out, build);
  });
}

/**
 * Runs one step of a build, unless it is finished.
 * @throws InputError if the world has no such step
 * @example
 * ```ts
 * import { buildWorldPart } from './api/build-world.ts';
 *
 * await buildWorldPart('vae', { world: 'shapes', out: 'world', work: 'steps', log: console.log });
 * ```
 */
export async function buildWorldPart(name: string, options: BuildWorldOptions): Promise<void> {
  await withWorld(options.world, async (world) => {
    const known = stepsOf(world.recipe);
    const step = known.find((step) => step === name);
    if (!step) throw new InputError(`--only is "${name}"; expected one of ${known.join(', ')}.`);
    await buildWorldStep(step, await prepared(world, options));
  });
}

/** Writes the tokenizer, which all steps read. */
async function prepared<S>(world: World<S>, { out, work, log }: BuildWorldOptions): Promise<WorldBuild<S>> {
  const tokenizer = join(out, 'base', 'tokenizer');
  await writeFiles(tokenizer, world.tokenizer());
  return { world, work, tokenizer, log };
}
