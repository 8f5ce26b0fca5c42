import { describe, expect, it } from 'vitest';
import { InputError } from '../../../common/errors.ts';
import {
  schedulerFile,
  solverConfig,
  solverSchemas,
  type SchedulerFile,
} from '../../../models/sampling/scheduler-config.ts';
import type { SolverPlan } from '../../../models/sampling/solver-plan.ts';
import { schedulerNames, type SchedulerName } from '../../../models/sampling/scheduler-names.ts';
import { isOneStep } from '../../../models/sampling/one-step.ts';
import { schedulerNamed, solverPlan } from '../../../models/sampling/solver.ts';
import { readJson, type Json } from '../../../models/folder/network-config.ts';
import { goldenPath, readGoldenJson } from '../golden.ts';

interface Case {
  name: SchedulerName;
  config: Json;
  steps: number;
  /** The key that the case tests. */
  key?: string;
  timesteps: number[];
  seen: number[];
  end: number;
  /** Why diffusers cannot make the run. */
  error?: string;
}
const cases = await readGoldenJson<Case[]>('solvers.json');
const classes: Record<SchedulerName, string> = {
  ddim: 'DDIMScheduler',
  pndm: 'PNDMScheduler',
  'dpm-solver++': 'DPMSolverMultistepScheduler',
  euler: 'EulerDiscreteScheduler',
};
/** diffusers' keys and defaults. */
const defaults = async (name: SchedulerName): Promise<Json> => {
  const { keys } = await readJson(goldenPath(`config-keys/${classes[name]}.json`));
  const own = Object.entries(keys as Record<string, { default?: unknown }>).filter(([key]) => !key.startsWith('_'));
  return Object.fromEntries(own.map(([key, table]) => [key, table.default]));
};
const keys = Object.fromEntries(
  await Promise.all(schedulerNames.map(async (name) => [name, await defaults(name)] as const)),
) as Record<SchedulerName, Json>;

const file = (json: Json): SchedulerFile => schedulerFile(json, 'DIR/scheduler/scheduler_config.json');
const stableDiffusion = {
  _class_name: 'DDIMScheduler',
  beta_schedule: 'scaled_linear',
  beta_start: 0.00085,
  beta_end: 0.012,
};

/** The latents before each evaluation and at the end, when the network is sin(z + t / 100). */
function trajectory({ start, steps }: SolverPlan, noise: number): number[] {
  const zs = [start * noise];
  const outputs: number[] = [];
  const sum = (weights: readonly number[], values: readonly number[]) =>
    weights.reduce((total, weight, j) => total + (weight === 0 ? 0 : weight * values.at(-1 - j)!), 0);
  for (const { t, z, output } of steps) {
    outputs.push(Math.sin(zs.at(-1)! + t / 100));
    zs.push(sum(z, zs) + sum(output, outputs));
  }
  return zs;
}

/** Settings that diffusers applies and this code refuses, since the formula is not linear. */
const refusedHere = ({ config }: Case) => config['thresholding'] === true || config['variance_type'] === 'learned';
const changed = ({ config }: Case) =>
  Object.entries(config)
    .filter(([key]) => !(key in stableDiffusion))
    .map(([key, value]) => `${key} ${Array.isArray(value) ? 'given' : JSON.stringify(value)}`)
    .join(', ');
const named = (own: Case[]) => own.map((c) => [c.name, c.config['_class_name'], changed(c), c.steps, c] as const);
const made = cases.filter((c) => c.error === undefined && !refusedHere(c));

describe('a sampling run', () => {
  it.each(named(made))("of %s with %s's file, %s: %i steps are diffusers' steps", (_, __, ___, ____, c) => {
    const plan = solverPlan(c.name, file(c.config), c.steps);
    expect(plan.steps).toHaveLength(c.timesteps.length);
    plan.steps.forEach(({ t }, i) => expect(Math.abs(t - c.timesteps[i]!)).toBeLessThan(1e-3));
    const zs = trajectory(plan, 0.8);
    const scale = Math.max(...[...c.seen, c.end].map(Math.abs));
    [...c.seen, c.end].forEach((expected, i) => expect(Math.abs(zs[i]! - expected) / scale).toBeLessThan(1e-4));
  });

  it.each(named(cases.filter((c) => c.error !== undefined || refusedHere(c))))(
    "of %s with %s's file, %s: %i steps are refused by name if diffusers refuses them or they are not linear formulas",
    (_, __, ___, ____, c) => {
      expect(() => solverPlan(c.name, file(c.config), c.steps)).toThrow(InputError);
      expect(() => solverPlan(c.name, file(c.config), c.steps)).toThrow(
        /scheduler_config\.json: (thresholding|variance_type|skip_prk_steps|use_\w+_sigmas|algorithm_type|rescale_betas_zero_snr) is /,
      );
    },
  );
});

describe.each(schedulerNames)("%s's configuration", (name) => {
  it("has diffusers' keys and defaults, except those that StableDiffusionPipeline changes", () => {
    const more = name === 'dpm-solver++' ? ['sigma_min', 'sigma_max'] : [];
    expect(Object.keys(solverSchemas[name].shape).sort()).toEqual([...Object.keys(keys[name]), ...more].sort());
    const found = solverConfig(name, file({})) as Json;
    const set: Json = { steps_offset: 1, clip_sample: false };
    for (const [key, value] of Object.entries(keys[name]))
      if (found[key] !== undefined) expect([key, found[key]]).toEqual([key, key in set ? set[key] : value]);
  });

  it('has a golden run for each key', () => {
    const tried = cases.filter((c) => c.name === name && c.key !== undefined).map(({ key }) => key);
    expect(tried.sort()).toEqual(Object.keys(keys[name]).sort());
  });

  it("counts steps_offset as 1, as the pipeline does, and Python's null as false", () => {
    for (const steps_offset of [0, 1, 5, undefined])
      expect(solverPlan(name, file({ ...stableDiffusion, steps_offset }), 6)).toEqual(
        solverPlan(name, file({ ...stableDiffusion, steps_offset: 1 }), 6),
      );
    expect(solverPlan(name, file({ ...stableDiffusion, skip_prk_steps: null, use_karras_sigmas: null }), 6)).toEqual(
      solverPlan(name, file(stableDiffusion), 6),
    );
  });

  it('refuses unknown settings by file, key and value', () => {
    const refusal = (json: Json) => () => solverPlan(name, file({ ...stableDiffusion, ...json }), 6);
    expect(refusal({ timestep_spacing: 'even' })).toThrow(
      'DIR/scheduler/scheduler_config.json: timestep_spacing is "even": expected one of leading, linspace, trailing.',
    );
    expect(refusal({ beta_schedule: 'sigmoid' })).toThrow(/beta_schedule is "sigmoid"/);
    expect(refusal({ prediction_type: 'image' })).toThrow(/prediction_type is "image"/);
    expect(refusal({ trained_betas: [0.1, 0.2] })).toThrow(/trained_betas has 2 numbers; num_train_timesteps is 1000/);
  });

  it.each([0, 1.5, 1001])('refuses %f steps', (steps) => {
    expect(() => solverPlan(name, file(stableDiffusion), steps)).toThrow(InputError);
  });
});

describe('solvers', () => {
  it('say whether they can begin at any step', () => {
    const oneStep = (name: SchedulerName) => isOneStep(solverPlan(name, file(stableDiffusion), 8));
    expect(schedulerNames.map(oneStep)).toEqual([true, false, false, true]);
  });

  it('are refused when unknown, or when they draw noise at each step', () => {
    expect(() => schedulerNamed('heun')).toThrow('expected one of ddim, pndm, dpm-solver++, euler');
    expect(() =>
      solverPlan('dpm-solver++', file({ ...stableDiffusion, algorithm_type: 'sde-dpmsolver++' }), 6),
    ).toThrow(/algorithm_type is "sde-dpmsolver\+\+": expected one of dpmsolver\+\+, dpmsolver/);
  });
});
