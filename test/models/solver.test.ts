import { describe, expect, it } from 'vitest';
import { InputError } from '../../common/errors.ts';
import { DdimScheduler, schedulerSchema } from '../../models/scheduler/ddim.ts';
import {
  isOneStep,
  solverNamed,
  solverSteps,
  type SolverName,
  type SolverStep,
} from '../../models/scheduler/solver.ts';
import type { Spacing } from '../../models/scheduler/spacing.ts';
import { readGoldenJson } from './golden.ts';

interface Case {
  name: SolverName;
  prediction_type: 'epsilon' | 'v_prediction';
  timestep_spacing: Spacing;
  steps: number;
  timesteps: number[];
  seen: number[];
  end: number;
}
const cases = await readGoldenJson<Case[]>('solvers.json');
const config = (prediction_type: string, timestep_spacing: Spacing = 'leading') =>
  schedulerSchema.parse({
    _class_name: 'DDIMScheduler',
    beta_schedule: 'scaled_linear',
    beta_start: 0.00085,
    beta_end: 0.012,
    steps_offset: 1,
    set_alpha_to_one: false,
    prediction_type,
    timestep_spacing,
  });

/** The latents before each evaluation and at the end, when the network is sin(z + t / 100). */
function trajectory(steps: readonly SolverStep[], start: number): number[] {
  const zs = [start];
  const outputs: number[] = [];
  const sum = (weights: readonly number[], values: readonly number[]) =>
    weights.reduce((total, weight, j) => total + (weight === 0 ? 0 : weight * values.at(-1 - j)!), 0);
  for (const { t, z, output } of steps) {
    outputs.push(Math.sin(zs.at(-1)! + t / 100));
    zs.push(sum(z, zs) + sum(output, outputs));
  }
  return zs;
}

describe('solvers', () => {
  it.each(cases.map((c) => [c.name, c.prediction_type, c.timestep_spacing, c.steps, c] as const))(
    "%s, %s, %s: %i steps are diffusers' steps",
    (name, prediction, spacing, steps, { timesteps, seen, end }) => {
      const plan = solverSteps(name, config(prediction, spacing), steps);
      expect(plan.map(({ t }) => t)).toEqual(timesteps);
      const zs = trajectory(plan, seen[0]!);
      [...seen, end].forEach((expected, i) => expect(zs[i]).toBeCloseTo(expected, 4));
    },
  );

  it('has DDIM among them, as it was', () => {
    const ddim = new DdimScheduler(config('epsilon'));
    for (const { t, z, output } of solverSteps('ddim', config('epsilon'), 25))
      expect({ a: z[0], b: output[0] }).toEqual(ddim.step(t, 25));
  });

  it('says which can begin at any step', () => {
    const oneStep = (name: SolverName) => isOneStep(solverSteps(name, config('epsilon'), 8));
    expect([oneStep('ddim'), oneStep('euler'), oneStep('pndm'), oneStep('dpm-solver++')]).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });

  it('refuses what it does not know, and more steps than the schedule has', () => {
    expect(() => solverNamed('heun')).toThrow('there are ddim, pndm, dpm-solver++, euler');
    expect(() => solverSteps('dpm-solver++', config('epsilon'), 1000)).toThrow(InputError);
  });
});
