import { describe, expect, it } from 'vitest';
import type { Json } from '../../../models/folder/network-config.ts';
import { folderScheduler, schedulerFile } from '../../../models/sampling/scheduler-config.ts';
import { ddimStep, stochasticStep } from '../../../models/sampling/ddim.ts';
import { DdimSchedule } from '../../../models/sampling/levels/ddim-schedule.ts';
import { readGoldenJson } from '../golden.ts';

interface Case {
  config: Json;
  steps: number;
  timesteps: number[];
  output: number;
  trajectory: number[];
}
const cases = await readGoldenJson<Case[]>('schedulers.json');
const scheduler = (config: Json) => new DdimSchedule(schedulerFile(config, 'DIR/scheduler/scheduler_config.json'));
const step = (ddim: DdimSchedule, t: number, steps: number) => {
  const { now, next } = ddim.levels(t, steps);
  return ddimStep(ddim.prediction, now, next);
};

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
    "%s, %s, %s timesteps: %i steps are diffusers' steps",
    (_class, _prediction, _timesteps, steps, { config, timesteps, output, trajectory }) => {
      const ddim = scheduler(config);
      expect(ddim.timesteps(steps)).toEqual(timesteps);
      timesteps.forEach((t, i) => {
        const [a, b] = step(ddim, t, steps);
        const next = trajectory[i + 1]!;
        expect(Math.abs(a * trajectory[i]! + b * output - next)).toBeLessThan(1e-5 * Math.max(1, Math.abs(next)));
      });
    },
  );

  const { set_alpha_to_one: _, timestep_spacing: __, ...shared } = cases[0]!.config;

  it("takes DDIM's keys from a PNDM folder, and DDIM's defaults for the others", () => {
    const pndm = { ...shared, _class_name: 'PNDMScheduler', skip_prk_steps: true };
    const last = (config: Json) => step(scheduler(config), 1, 25);
    expect(last({ ...pndm, set_alpha_to_one: false })).toEqual(last(cases[0]!.config));
    expect(last(pndm)).toEqual(last({ ...pndm, set_alpha_to_one: true }));
    expect(scheduler(pndm).alphasCumprod).toEqual(scheduler(cases[0]!.config).alphasCumprod);
  });

  it("takes the noise schedule from another scheduler's folder, whose own keys do not count", () => {
    const euler = { ...shared, _class_name: 'EulerDiscreteScheduler', use_karras_sigmas: true };
    expect(scheduler(euler).timesteps(4)).toEqual([751, 501, 251, 1]);
    const ddim = scheduler({ ...shared, _class_name: 'DDIMScheduler' });
    expect(step(scheduler(euler), 1, 4)).toEqual(step(ddim, 1, 4));
  });

  it("draws noise with the posterior's deviation in a stochastic step, which without noise is DDIM's", () => {
    for (const prediction_type of ['epsilon', 'v_prediction', 'sample']) {
      const ddim = scheduler({ ...cases[0]!.config, prediction_type });
      const { a, b, sigma } = stochasticStep(ddim, 501, 4, 0);
      const exact = step(ddim, 501, 4);
      expect([a, b, sigma]).toEqual([expect.closeTo(exact[0], 12), expect.closeTo(exact[1], 12), 0]);
      const [now, before] = [ddim.alphasCumprod[501]!, ddim.alphasCumprod[251]!];
      const variance = ((1 - before) / (1 - now)) * (1 - now / before);
      expect(stochasticStep(ddim, 501, 4, 1).sigma ** 2).toBeCloseTo(variance, 12);
    }
  });

  it.each([0, 1001, 2000])('refuses %i steps', (steps) => {
    expect(() => scheduler(cases[0]!.config).timesteps(steps)).toThrow(/sampling steps are not possible/);
  });

  it('refuses to start from pure noise if the network predicts noise', () => {
    const rescaled = { ...shared, rescale_betas_zero_snr: true, timestep_spacing: 'trailing' };
    expect(() => scheduler(rescaled).timesteps(4)).toThrow(
      /rescale_betas_zero_snr is true and prediction_type is "epsilon": timestep 999 is pure noise/,
    );
    expect(scheduler({ ...rescaled, prediction_type: 'v_prediction' }).timesteps(4)).toEqual([999, 749, 499, 249]);
  });

  it('refuses a scheduler of another kind by file, key and value', () => {
    expect(() => scheduler({ _class_name: 'FlowMatchEulerDiscreteScheduler' })).toThrow(
      /scheduler_config\.json: _class_name is "FlowMatchEulerDiscreteScheduler": expected one of DDIMScheduler, PNDMScheduler/,
    );
    const index = { scheduler: ['diffusers', 'LCMScheduler'] };
    expect(() => folderScheduler(index, 'DIR/model_index.json', shared, 'DIR/scheduler_config.json')).toThrow(
      /DIR\/model_index\.json: scheduler\.1 is "LCMScheduler": expected one of/,
    );
  });
});
