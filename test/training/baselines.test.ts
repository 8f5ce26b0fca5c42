import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CancelledError } from '../../common/errors.ts';
import { encodePng } from '../../common/pictures/png.ts';
import { RandomStream } from '../../common/random.ts';
import { tf } from '../../engine/tensorflow.ts';
import { WeightParameters } from '../setup/weight-parameters.ts';
import { readWeights, writeWeights } from '../../engine/weights/weights.ts';
import { clipText } from '../../models/clip/clip-text.ts';
import { loadPipeline } from '../../models/folder/pipeline-folder.ts';
import { DdimSchedule } from '../../models/sampling/levels/ddim-schedule.ts';
import { unet2dCondition } from '../../models/unet/unet.ts';
import { vaeDecode, vaeScalingFactor } from '../../models/vae/vae.ts';
import { loadRewards } from '../../rewards/reward-types.ts';
import { knownWorld } from '../../world/known/known-worlds.ts';
import { WORLD_NAMES } from '../../world/scenes/common/world-names.ts';
import { picturesOf, realLatents } from '../../training/baselines/real-pictures.ts';
import { run as ddpo, type DdpoStageSettings } from '../../training/stages/ddpo.ts';
import { run as direct } from '../../training/stages/direct.ts';
import { digests, smallTuning } from './small-tuning.ts';

const { at, context, settings, makeInputs, remove } = smallTuning();
beforeAll(makeInputs);
afterAll(remove);
const summary = (name: string) => JSON.parse(readFileSync(at(name, 'summary.json'), 'utf8')) as Record<string, number>;
const metrics = (name: string) =>
  readFileSync(at(name, 'metrics.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, number>);

const networks = {
  encoder: ['text_encoder', 'model.safetensors'],
  unet: ['unet', 'diffusion_pytorch_model.safetensors'],
} as const;
/** Computes the distance of a network from the original one from the files of both; the summary reports the same. */
async function distance(name: string, network: keyof typeof networks): Promise<number> {
  const [folder, file] = networks[network];
  const before = await readWeights(at('model', folder, file));
  const after = await readWeights(at(name, network, 'final', file));
  expect([...after.keys()].sort()).toEqual([...before.keys()].sort());
  let squares = 0;
  for (const [key, { data }] of after)
    data.forEach((value, i) => (squares += (value - before.get(key)!.data[i]!) ** 2));
  return Math.sqrt(squares);
}
async function expectTuned(name: string, network: keyof typeof networks): Promise<void> {
  const { deltaNorm } = summary(name);
  expect(deltaNorm! / (await distance(name, network))).toBeCloseTo(1, 3);
  const others = Object.keys(networks).filter((each) => each !== network);
  for (const other of others) expect(Object.keys(digests(at(name))).join()).not.toContain(`/${other}/`);
}

const policy = { epochs: 2, clipRange: 0.1, group: 2, largestAdvantage: 5, eta: 1, network: 'text_encoder' as const };

describe('DDPO', () => {
  const config: DdpoStageSettings = { ...settings, ...policy, steps: 2, checkpointEvery: 1 };

  it('tunes the encoder, and continues after a stop as if there had been none', async () => {
    await ddpo(context(config, 'straight'));
    expect(summary('straight')).toMatchObject({ steps: 2, rewardEvaluations: 4 });
    await expectTuned('straight', 'encoder');
    const stop = new AbortController();
    const first = { ...context(config, 'resumed', (step) => step === 1 && stop.abort()), signal: stop.signal };
    await expect(ddpo(first)).rejects.toThrow(CancelledError);
    await ddpo({ ...context(config, 'resumed'), scratch: first.scratch });
    expect(digests(at('resumed'))).toEqual(digests(at('straight')));
  });

  it('tunes the UNet', async () => {
    await ddpo(context({ ...config, network: 'unet', steps: 1 }, 'unet'));
    await expectTuned('unet', 'unet');
  });
});

describe('direct tuning', () => {
  const prompts = ['a small red circle', 'two dogs'];
  beforeAll(() => {
    mkdirSync(at('pictures'));
    prompts.forEach((_, i) => {
      const pixels = new RandomStream(5, 'picture', i).normal(32 * 32 * 3).map((v) => 0.5 + 0.2 * v);
      writeFileSync(at('pictures', `${i}.png`), encodePng(pixels, 32, 32));
    });
    const lines = prompts.map((text, i) => JSON.stringify({ file_name: `${i}.png`, text }));
    writeFileSync(at('pictures', 'metadata.jsonl'), `${lines.join('\n')}\n`);
  });

  it.each([
    [
      'direct tuning',
      (config: object, name: string) =>
        direct(context({ ...settings, steps: 1, pictures: at('pictures'), count: 1, ...config }, name)),
      100,
      /The loss is -Infinity at step 1, though every reward is finite: reward "aesthetic" is 9/,
    ],
    [
      'DDPO',
      (config: object, name: string) => ddpo(context({ ...settings, ...policy, ...config }, name)),
      1e300,
      /The loss is -Infinity at step 1; the run stops here/,
    ],
  ])('%s stops at a weighted sum that overflows', async (what, tune, weight, message) => {
    const head = await readWeights(at('head.safetensors'));
    for (const [name, { shape, data }] of head)
      head.set(name, { shape, data: data.map(() => (name === 'bias' ? 1e38 : 0)) });
    await writeWeights(at('large.safetensors'), head);
    const large = { ...settings.rewards[1]!, head: at('large.safetensors'), weight };
    await expect(tune({ rewards: [settings.rewards[0]!, large] }, `large ${what}`)).rejects.toThrow(message);
  });

  it('scores x0 as predicted in one step from noised pictures', async () => {
    await direct(context({ ...settings, steps: 1, pictures: at('pictures'), count: 1 }, 'direct'));
    const [line] = metrics('direct');

    const pipeline = await loadPipeline(at('model'));
    const { latents } = realLatents(await picturesOf(at('pictures'), [], 1, 3), pipeline);
    const alphas = new DdimSchedule(pipeline.config.scheduler).alphasCumprod;
    const t = new RandomStream(3, 'direct timestep', 1).integer(alphas.length);
    const [signal, noise] = [Math.sqrt(alphas[t]!), Math.sqrt(1 - alphas[t]!)];
    const p = (part: 'textEncoder' | 'unet' | 'vae') => new WeightParameters(pipeline.weights[part], 'test');
    const size = latents.length;
    // Both samples of the batch are of the same picture.
    const z = new RandomStream(3, 'direct noise', 1)
      .normal(2 * size)
      .map((v, k) => v * noise + signal * latents[k % size]!);
    const texts = [prompts[0]!, prompts[0]!];
    const ids = tf.tensor2d(pipeline.tokenizer.batch(texts), [2, 16], 'int32');
    const embeddings = clipText(p('textEncoder'), pipeline.config.textEncoder, ids).hidden;
    const sample = tf.tensor4d(z, [2, 8, 8, 4]);
    const eps = unet2dCondition(p('unet'), pipeline.config.unet, {
      sample,
      timestep: tf.fill([2], t),
      context: embeddings,
    });
    const x0 = sample.sub(eps.mul(noise)).div(signal);
    const image = vaeDecode(p('vae'), pipeline.config.vae, x0.div(vaeScalingFactor(pipeline.config.vae)));
    const picture = image.div(2).add(0.5).clipByValue(0, 1);
    for (const reward of await loadRewards(settings.rewards)) {
      const words =
        reward.promptLength > 0 ? tf.tensor2d(reward.tokenize(texts), [2, reward.promptLength], 'int32') : undefined;
      const own = reward.score(new WeightParameters(reward.weights, 'test'), picture, words).mean().dataSync()[0]!;
      expect(line![`reward.${reward.name}`]).toBeCloseTo(own, 3);
    }
    await expectTuned('direct', 'encoder');
  });

  it('says what is wrong with the pictures', async () => {
    const pictures = at('wrong');
    mkdirSync(pictures);
    const read = () => picturesOf(pictures, [], 9, 1);
    await expect(read()).rejects.toThrow('metadata.jsonl is missing');
    writeFileSync(at('wrong', 'metadata.jsonl'), '{"file_name": 3}\n');
    await expect(read()).rejects.toThrow('metadata.jsonl, line 1: expected {"file_name"');
    writeFileSync(at('wrong', 'metadata.jsonl'), '{"file_name": "a.png", "text": "x"}\n');
    writeFileSync(at('wrong', 'a.png'), 'no picture');
    await expect(read()).rejects.toThrow('a.png is not a readable PNG');
    await expect(picturesOf('shapes', [{ prompt: 'two dogs' }], 9, 1)).rejects.toThrow(
      '"two dogs" is not a prompt of the shapes world',
    );
    await expect(picturesOf('gallery', [{ prompt: 'a red circle on a gray background' }], 9, 1)).rejects.toThrow(
      'is not a prompt of the gallery',
    );
  });

  it.each(WORLD_NAMES)('are renders of the prompts of a world: %s', async (name) => {
    const world = knownWorld(name);
    const asked = [world.prompts()[0]!, { prompt: 'a small cross' }];
    const pictures = await picturesOf(name, asked, 9, 1);
    expect(pictures.map(({ prompt, size }) => [prompt, size])).toEqual(asked.map(({ prompt }) => [prompt, world.side]));
    for (const { prompt, pixels } of pictures) expect(world.exactScores(pixels, prompt)['oracle']).toBe(1);
  });
});
