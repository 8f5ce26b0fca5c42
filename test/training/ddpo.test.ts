import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { readSafetensors, type SafetensorsFile } from '../../engine/weights/safetensors.ts';
import { tf } from '../../engine/tensorflow.ts';
import { loadPipeline, type LoadedPipeline } from '../../models/folder/pipeline-folder.ts';
import { stochasticStep } from '../../models/sampling/ddim.ts';
import { DdimSchedule } from '../../models/sampling/levels/ddim-schedule.ts';
import { DdpoTuner } from '../../training/baselines/ddpo-tuner.ts';
import { advantagesOf, logProbabilities, meanGradient, surrogate } from '../../training/baselines/policy-gradient.ts';
import { Observer } from '../../training/alarm/observer.ts';
import { TEXT_ENCODER, textToImage, UNET } from '../../training/generator/text-to-image.ts';
import { Trainer } from '../../training/trainer.ts';
import { goldenPath, readGoldenJson, tensorOf } from '../models/golden.ts';

describe("the policy gradient's formulas", () => {
  it('give the log-density of a Gaussian, averaged over the values', () => {
    const [log] = logProbabilities(Float32Array.of(1, 3), Float32Array.of(0, 1), 2, 1);
    const density = (d: number) => Math.log(Math.exp(-(d ** 2) / 8) / (2 * Math.sqrt(2 * Math.PI)));
    expect(log).toBeCloseTo((density(1) + density(2)) / 2, 10);
  });

  it("pass no gradient once the ratio has left the range in the advantage's direction", () => {
    const old = Float64Array.of(0, 0, 0, 0);
    const { gradients, clipped, loss } = surrogate(
      Float64Array.of(0, 0.5, -0.5, 0.5),
      old,
      Float64Array.of(1, 1, 1, -1),
      0.1,
    );
    expect([...gradients]).toEqual([-0.25, 0, -Math.exp(-0.5) / 4, Math.exp(0.5) / 4]);
    expect(clipped).toBe(0.75);
    expect(loss).toBeCloseTo((-1 - 1.1 - Math.exp(-0.5) + Math.exp(0.5)) / 4, 10);
  });

  it('have the gradient of finite differences by the mean', () => {
    const [next, mean] = [Float32Array.of(0.3, -0.2, 1), Float32Array.of(0.1, 0.4, 0.9)];
    const [gradient] = [meanGradient(next, mean, 0.5, Float64Array.of(2))];
    const at = (by: number) =>
      logProbabilities(
        next,
        mean.map((v, k) => (k === 1 ? v + by : v)),
        0.5,
        1,
      )[0]!;
    expect(gradient[1]).toBeCloseTo((2 * (at(1e-2) - at(-1e-2))) / 2e-2, 3);
  });

  it('compare rewards within their group, or within the batch', () => {
    const rewards = Float64Array.of(1, 3, 10, 14);
    expect([...advantagesOf(rewards, 2, 5)].map((v) => Math.round(v * 1e6) / 1e6)).toEqual([-1, 1, -1, 1]);
    expect(advantagesOf(rewards, 1, 5)[3]).toBeCloseTo(7 / Math.sqrt(27.5), 6);
    expect(Math.max(...advantagesOf(rewards, 1, 0.5))).toBe(0.5);
  });
});

describe('the gradient of a policy update', () => {
  const sampler = { steps: 4, guidance: 7.5, gradientSteps: 2 };
  let pipeline: LoadedPipeline;
  let golden: SafetensorsFile;
  beforeAll(async () => {
    const settings = await readGoldenJson<{ steps: number; gradSteps: number; guidance: number }>('step/golden.json');
    expect([settings.steps, settings.gradSteps, settings.guidance]).toEqual([
      sampler.steps,
      sampler.gradientSteps,
      sampler.guidance,
    ]);
    pipeline = await loadPipeline(goldenPath('step/model'));
    golden = await readSafetensors(goldenPath('ddpo.safetensors'));
  });
  const prompts = readFileSync(goldenPath('step/prompts.txt'), 'utf8').trim().split('\n');
  const values = (name: string) => tensorOf(golden, name).dataSync().slice() as Float32Array;

  it.each([
    [TEXT_ENCODER, true],
    [UNET, false],
  ] as const)("of the %s is torch's", (name, makesEmbeddings) => {
    const latentSize = tensorOf(golden, 'z.0').shape.slice(1, 3) as [number, number];
    const generator = textToImage(pipeline, [], { batch: prompts.length, latentSize, sampler });
    const schedule = new DdimSchedule(pipeline.config.scheduler);
    const steps = schedule
      .timesteps(sampler.steps)
      .slice(-2)
      .map((t) => ({ t, ...stochasticStep(schedule, t, sampler.steps, 1) }));
    // The rewards are not used here: the advantages are given.
    const silent = {
      ...generator,
      score: (_n: unknown, z: ReturnType<typeof tf.zeros>) => ({ none: z.sum([1, 2, 3]) }),
      rewards: [{ name: 'none', weight: 1 }],
      networks: without(generator.networks, ['vae', 'rewards']),
    };
    const trainer = new Trainer(silent as typeof generator, {
      trained: [{ name, learningRate: 0 }],
      gradientSteps: 2,
      embeddingPull: 0,
    });
    const ddpo = new DdpoTuner({
      trainer,
      generator,
      weights: {},
      seed: 1,
      observer: new Observer(trainer.program, generator, []),
      actions: steps.map(({ t, a, b, sigma }) => ({ numbers: [t, a, b], sigma })),
      settings: { epochs: 1, clipRange: 0.1, group: 1, largestAdvantage: 5 },
    });
    const actions = [0, 1].map((k) => ({
      z: values(`z.${k}`),
      next: values(`next.${k}`),
      logOld: Float64Array.from(values(`old.${k}`)),
    }));
    tf.tidy(() => {
      const { loss, backward } = ddpo.gradient(prompts, actions, Float64Array.from(values('advantages')));
      expect(loss).toBeCloseTo(values('loss')[0]!, 4);
      const found = makesEmbeddings
        ? new Map(
            Object.entries(trainer.program.run('gradients', backward)).map(
              ([full, t]) => [full.slice(name.length + 1), trainer.program.inFileLayout(full, t)] as const,
            ),
          )
        : trainer.program.read(`state/gradient/${name}`);
      const names = golden.names.filter((each) => each.startsWith(`grad.${name}.`));
      expect(names.length).toBeGreaterThan(20);
      const norm = (data: Iterable<number>) => Math.sqrt([...data].reduce((sum, v) => sum + v * v, 0));
      const largest = Math.max(...names.map((each) => norm(golden.float32(each))));
      for (const each of names) {
        const short = each.slice(`grad.${name}.`.length);
        const [own, theirs] = [(found.get(short) ?? found.get(`text_model.${short}`))!.data, golden.float32(each)];
        const difference = norm(theirs.map((v, i) => v - own[i]!));
        expect(difference / Math.max(norm(theirs), 1e-3 * largest), each).toBeLessThan(2e-3);
      }
    });
  });
});

const without = <T extends object>(record: T, names: readonly string[]): T =>
  Object.fromEntries(Object.entries(record).filter(([name]) => !names.includes(name))) as T;
