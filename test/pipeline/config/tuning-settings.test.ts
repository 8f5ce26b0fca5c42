import { describe, expect, it } from 'vitest';
import { configSchema } from '../../../pipeline/config/config.ts';
import { activeStages } from '../../../pipeline/pipeline.ts';
import { textcraftor, tuneEncoder, tuneUnet } from '../../../pipeline/textcraftor.ts';

const base = {
  model: 'model',
  prompts: { source: 'shapes' },
  sampler: { steps: 8, guidance: 3, gradientSteps: 2 },
  rollout: { prompts: 8, batch: 4 },
  rewards: [
    { name: 'clip', type: 'clip-similarity', model: 'clip', weight: 100 },
    { name: 'hps', type: 'hpsv2', model: 'hps', weight: 100 },
  ],
  sweep: { prompts: 4 },
  evaluate: { prompts: 4 },
};
const encoder = { steps: 10, batch: 2, learningRate: 1e-4 };
const unet = { steps: 5, batch: 2, learningRate: 1e-5 };
const parse = (tuneEncoder: object, tuneUnet?: object) =>
  configSchema.safeParse({
    ...base,
    tuneEncoder: { ...encoder, ...tuneEncoder },
    ...(tuneUnet ? { tuneUnet: { ...unet, ...tuneUnet } } : {}),
  });
const problem = (...sections: Parameters<typeof parse>) =>
  parse(...sections)
    .error?.issues.map(({ path, message }) => `${path.join('.')} ${message}`)
    .join('\n');

describe('the tuning stages of a configuration', () => {
  it('tune the encoder alone, unless the UNet is requested', () => {
    const names = (config: ReturnType<typeof parse>) => activeStages(textcraftor, config.data!).map(({ name }) => name);
    expect(names(parse({}))).not.toContain('tune-unet');
    expect(names(parse({}, {}))).toContain('tune-unet');
  });

  it('have their own reward weights', () => {
    const config = parse({}, { rewardWeights: { hps: 20 } }).data!;
    const weights = (slice: { rewards: { weight: number }[] }) => slice.rewards.map(({ weight }) => weight);
    expect(weights(tuneEncoder.config(config))).toEqual([100, 100]);
    expect(weights(tuneUnet.config(config))).toEqual([100, 20]);
    expect(tuneUnet.config(config)).not.toHaveProperty('rewardWeights');
  });

  it('refuse settings that exclude each other, with the key and what to do', () => {
    expect(problem({ joint: { learningRate: 1e-5 } }, {})).toMatch(/^tuneUnet .*tuneEncoder.joint.*leave one out/);
    expect(problem({ rewardWeights: { beauty: 1 } })).toMatch(/^tuneEncoder.rewardWeights .*beauty.*clip, hps/);
    expect(problem({}, { lora: { rank: 4 }, weightPull: 1 })).toMatch(/^tuneUnet.weightPull .*weightDecay/);
    expect(problem({ gradient: { type: 'last', steps: 3 } })).toMatch(
      /^tuneEncoder.gradient.steps must be at most .*\(2\)/,
    );
    expect(problem({ gradient: { type: 'first' } })).toMatch(/^tuneEncoder.gradient/);
    expect(problem({ average: 1 })).toMatch(/^tuneEncoder.average/);
    expect(problem({ lora: { rank: 0 } })).toMatch(/^tuneEncoder.lora.rank/);
    expect(problem({ lora: { rank: 4 }, weightPull: 1, joint: { learningRate: 1e-5 } })).toBeUndefined();
  });
});
