import { cpSync, existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CancelledError, RunError } from '../../common/errors.ts';
import { product } from '../../common/product.ts';
import { readWeights, writeWeights, type Weights } from '../../engine/weights/weights.ts';
import { loadPipeline } from '../../models/folder/pipeline-folder.ts';
import { loadRewards } from '../../rewards/reward-types.ts';
import { readRollout } from '../../training/rollout/rollout-samples.ts';
import { run as rollout } from '../../training/stages/rollout.ts';
import { run as tuneEncoder, type TuneEncoderSettings } from '../../training/stages/tune-encoder.ts';
import { TEXT_ENCODER, textToImage } from '../../training/generator/text-to-image.ts';
import { Trainer } from '../../training/trainer.ts';
import { digests, smallTuning } from './small-tuning.ts';

const { at, context, settings, makeInputs, remove } = smallTuning();
const { sampler, rewards } = settings;
beforeAll(makeInputs);
afterAll(remove);

describe('the rollout', () => {
  it('keeps every sample of every prompt, with the same bytes every time and for every batch size', async () => {
    const { samples, latents, shape } = await readRollout(at('rollout'));
    expect(samples).toHaveLength(6);
    expect(new Set(samples.map(({ id, sample }) => `${id}/${sample}`)).size).toBe(6);
    await rollout(context({ model: at('model'), sampler, prompts: 3, samplesPerPrompt: 2, batch: 4 }, 'again'));
    expect(digests(at('again'))).toEqual(digests(at('rollout')));
    await rollout(context({ model: at('model'), sampler, prompts: 3, samplesPerPrompt: 2, batch: 1 }, 'single'));
    const single = await readRollout(at('single'));
    const size = product(shape);
    for (let i = 0; i < 6 * size; i++) expect(single.latents[i]).toBeCloseTo(latents[i]!, 4);
  });
});

describe('the gradient of the rewards', () => {
  it('agrees with finite differences through the last K steps, the decoder and all rewards', async () => {
    const pipeline = await loadPipeline(at('model'));
    const starts = await readRollout(at('rollout'));
    const generator = textToImage(pipeline, await loadRewards(rewards), { batch: 2, sampler });
    const trained = [{ name: TEXT_ENCODER, learningRate: 0 }];
    const trainer = new Trainer(generator, { trained, gradientSteps: sampler.gradientSteps, embeddingPull: 0 });
    const { gradients: found, scores, loss } = trainer.gradients(starts, [0, 1]);
    const gradients = found[TEXT_ENCODER]!;
    const weighted = [0, 1].map((i) => 10 * scores['clip']![i]! + scores['aesthetic']![i]!);
    expect(loss).toBeCloseTo(-(weighted[0]! + weighted[1]!) / 2, 4);

    const norm = Math.sqrt(
      [...gradients.values()].reduce((sum, { data }) => sum + data.reduce((a, b) => a + b * b, 0), 0),
    );
    const lossAt = (by: number) => {
      const moved: Weights = new Map(
        [...pipeline.weights.textEncoder].map(([name, { shape, data }]) => {
          const along = gradients.get(name)?.data;
          return [name, { shape, data: along ? data.map((v, i) => v + (by * along[i]!) / norm) : data }];
        }),
      );
      trainer.program.load(TEXT_ENCODER, moved);
      return trainer.gradients(starts, [0, 1]).loss;
    };
    const slope = (lossAt(2e-2) - lossAt(-2e-2)) / 4e-2;
    expect(norm).toBeGreaterThan(0);
    expect(Math.abs(slope - norm) / norm).toBeLessThan(0.02);
  });
});

describe('tuning the encoder', () => {
  it('raises the weighted rewards and reports the distance of the encoder', async () => {
    await tuneEncoder(context({ ...settings, steps: 30, keepEvery: 30, checkpointEvery: 30 }, 'long'));
    const lines = readFileSync(at('long', 'metrics.jsonl'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, number>);
    expect(lines).toHaveLength(30);
    const mean = (part: typeof lines) => part.reduce((sum, { loss }) => sum + loss!, 0) / part.length;
    expect(mean(lines.slice(-6))).toBeLessThan(mean(lines.slice(0, 6)));
    expect(lines.at(-1)!['deltaNorm']).toBeGreaterThan(0);
    expect(Object.keys(lines[0]!)).toEqual(
      expect.arrayContaining(['step', 'loss', 'reward.clip', 'reward.aesthetic', 'gradientNorm', 'deltaNorm']),
    );
    const before = await readWeights(at('model', 'text_encoder', 'model.safetensors'));
    const after = await readWeights(at('long', 'encoder', 'final', 'model.safetensors'));
    expect([...after.keys()].sort()).toEqual([...before.keys()].sort());
  });

  it('ends with the same bytes when it is stopped and continued, and when its last checkpoint is damaged', async () => {
    await tuneEncoder(context(settings, 'straight'));
    const stopAt = (stop: number): ReturnType<typeof context<TuneEncoderSettings>> => {
      const stopped: ReturnType<typeof context<TuneEncoderSettings>> = context(
        settings,
        'stopped',
        (step) => step === stop && stopped.controller.abort(),
      );
      return stopped;
    };
    await expect(tuneEncoder(stopAt(2))).rejects.toThrow(CancelledError);
    await expect(tuneEncoder(stopAt(5))).rejects.toThrow(/after step 5 of 7/);
    // A killed process leaves metrics that its checkpoint does not include.
    writeFileSync(join(at('stopped-scratch'), 'metrics.jsonl'), '{"step":6}\n', { flag: 'a' });
    const last = at('stopped-scratch', 'checkpoints', 'checkpoint-000005', 'weights.safetensors');
    const bytes = readFileSync(last);
    bytes[bytes.length - 3]! ^= 1;
    writeFileSync(last, bytes);
    const resumed = context(settings, 'stopped');
    await tuneEncoder(resumed);
    expect(resumed.messages[0]).toMatch(/checkpoint-000005 cannot be used/);
    expect(digests(at('stopped'))).toEqual(digests(at('straight')));
  });

  it('ends with the same bytes when it is done in segments', async () => {
    let over = false;
    const segment = context(settings, 'segments', (step) => (over = step === 3));
    expect(await tuneEncoder({ ...segment, segmentEnds: () => over })).toBe('checkpoint');
    expect(await tuneEncoder({ ...segment, segmentEnds: () => false })).toBeUndefined();
    expect(digests(at('segments'))).toEqual(digests(at('straight')));
  });

  it('stops at a reward that is not finite, names it, and leaves no output', async () => {
    const weights = await readWeights(at('head.safetensors'));
    // Large enough for their sum to overflow; weights that are not finite are refused when they are read.
    for (const [name, { shape, data }] of weights)
      weights.set(name, { shape, data: data.fill(name === 'weight' ? -3.4e38 : 3.4e38) });
    cpSync(at('head.safetensors'), at('broken.safetensors'));
    await writeWeights(at('broken.safetensors'), weights);
    const broken = { ...settings, rewards: [rewards[0]!, { ...rewards[1]!, head: at('broken.safetensors') }] };
    const attempt = tuneEncoder(context(broken, 'broken'));
    await expect(attempt).rejects.toThrow(RunError);
    await expect(attempt).rejects.toThrow(/"aesthetic" is -?(NaN|Infinity) at step 1 for the prompt "/);
    expect(readdirSync(at('broken'))).toEqual([]);
  });

  /** The settings with another aesthetic head, whose weights and bias are these numbers. */
  const withHead = async (name: string, weight: number, bias: number, factor = 1) => {
    const head = await readWeights(at('head.safetensors'));
    for (const [tensor, { shape, data }] of head)
      head.set(tensor, { shape, data: data.map(() => (tensor === 'weight' ? weight : bias)) });
    await writeWeights(at(`${name}.safetensors`), head);
    return { ...settings, rewards: [rewards[0]!, { ...rewards[1]!, head: at(`${name}.safetensors`), weight: factor }] };
  };

  it('stops at a weighted sum that overflows though every reward is finite, and names the reward and its weight', async () => {
    const attempt = tuneEncoder(context(await withHead('sum', 0, 1e38, 100), 'sum'));
    await expect(attempt).rejects.toThrow(RunError);
    await expect(attempt).rejects.toThrow(
      /The loss is -Infinity at step 1, though every reward is finite: reward "aesthetic" is 9\.99\d+e\+37 for the prompt ".*, with the weight 100;/,
    );
    expect(readdirSync(at('sum'))).toEqual([]);
  });

  it('stops at a gradient whose norm overflows, before the step is kept', async () => {
    const attempt = tuneEncoder(context(await withHead('norm', 1e22, 0), 'norm'));
    await expect(attempt).rejects.toThrow(RunError);
    await expect(attempt).rejects.toThrow(
      /The norm of the gradient of "text_encoder" is (NaN|Infinity) at step 1; the run stops here/,
    );
    expect(existsSync(at('norm-scratch', 'metrics.jsonl'))).toBe(false);
    expect(readdirSync(at('norm'))).toEqual([]);
  });
});
