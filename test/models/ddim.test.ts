import { describe, expect, it } from 'vitest';
import { InputError } from '../../common/errors.ts';
import { parseConfig } from '../../models/config.ts';
import { DdimScheduler, schedulerSchema } from '../../models/scheduler/ddim.ts';
import { readGoldenJson } from './golden.ts';

interface Case {
  config: Record<string, unknown>;
  steps: number;
  timesteps: number[];
  output: number;
  trajectory: number[];
}
const cases = await readGoldenJson<Case[]>('schedulers.json');
const scheduler = (config: unknown) => new DdimScheduler(parseConfig(schedulerSchema, config, 'scheduler_config.json'));

describe('DDIM', () => {
  it.each(
    cases.map(
      (c) =>
        [
          c.config['timestep_spacing'],
          c.config['prediction_type'],
          c.config['num_train_timesteps'],
          c.steps,
          c,
        ] as const,
    ),
  )(
    "%s, %s, %i timesteps: %i steps are diffusers' steps",
    (_class, _prediction, _timesteps, steps, { config, timesteps, output, trajectory }) => {
      const ddim = scheduler(config);
      expect(ddim.timesteps(steps)).toEqual(timesteps);
      timesteps.forEach((t, i) => {
        const { a, b } = ddim.step(t, steps);
        const next = trajectory[i + 1]!;
        expect(Math.abs(a * trajectory[i]! + b * output - next)).toBeLessThan(1e-5 * Math.max(1, Math.abs(next)));
      });
    },
  );

  it("takes a PNDM folder's schedule as its own", () => {
    const { config } = cases[0]!;
    const pndm = { ...config, _class_name: 'PNDMScheduler', skip_prk_steps: true, set_alpha_to_one: undefined };
    expect(scheduler(pndm).step(1, 25)).toEqual(scheduler(config).step(1, 25));
    expect(scheduler(pndm).alphasCumprod).toEqual(scheduler(config).alphasCumprod);
  });

  it.each([0, 1001, 2000])('refuses %i steps', (steps) => {
    expect(() => scheduler(cases[0]!.config).timesteps(steps)).toThrow(InputError);
  });

  it("takes the noise schedule from another scheduler's folder, with DDIM's defaults, as DDIMScheduler.from_config", () => {
    const { timestep_spacing: _, set_alpha_to_one: __, ...config } = cases[0]!.config;
    const euler = { ...config, _class_name: 'EulerDiscreteScheduler', use_karras_sigmas: true };
    expect(scheduler(euler).timesteps(4)).toEqual([751, 501, 251, 1]);
    expect(scheduler(euler).step(1, 4)).toEqual(scheduler({ ...config, _class_name: 'DDIMScheduler' }).step(1, 4));
  });

  it('refuses a scheduler of another kind and a spacing that does not exist, by name', () => {
    expect(() => scheduler({ _class_name: 'FlowMatchEulerDiscreteScheduler' })).toThrow(
      /_class_name is "FlowMatchEulerDiscreteScheduler": expected one of DDIMScheduler, PNDMScheduler/,
    );
    expect(() => scheduler({ _class_name: 'DDIMScheduler', timestep_spacing: 'even' })).toThrow(
      /timestep_spacing is "even": expected one of leading, linspace, trailing/,
    );
  });
});
