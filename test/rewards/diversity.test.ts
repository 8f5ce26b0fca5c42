import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tf } from '../../engine/tensorflow.ts';
import { WeightParameters } from '../setup/weight-parameters.ts';
import { embedderAmong, meanPairwiseDistance } from '../../rewards/diversity.ts';
import { loadRewards } from '../../rewards/reward-types.ts';
import { pictures, writeSmallClip } from './small-clip.ts';
import { writeSmallFilmCnn } from './small-film-cnn.ts';

const folder = mkdtempSync(join(tmpdir(), 'textcraftor-diversity-'));
beforeAll(async () => {
  await writeSmallClip(join(folder, 'clip'));
  await writeSmallFilmCnn(join(folder, 'cnn'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const clip = () => ({ name: 'clip', type: 'clip-similarity', model: join(folder, 'clip'), weight: 1 });
const heldOut = () => ({ name: 'heldOut', type: 'film-cnn', model: join(folder, 'cnn'), weight: 0 });

describe('diversity', () => {
  it('is the mean distance of all pairs', () => {
    const embeddings = Float32Array.of(1, 0, 0, 1, -1, 0);
    expect(meanPairwiseDistance(embeddings, 2)).toBeCloseTo((Math.SQRT2 + 2 + Math.SQRT2) / 3, 6);
    expect(meanPairwiseDistance(Float32Array.of(1, 0, 1, 0), 2)).toBe(0);
    expect(meanPairwiseDistance(Float32Array.of(1, 0), 2)).toBeNaN();
  });

  it('is measured by the held-out reward, or else by a reward that reads the prompt', async () => {
    expect(embedderAmong(await loadRewards([clip(), heldOut()]), 'heldOut')?.name).toBe('heldOut');
    expect(embedderAmong(await loadRewards([clip()]), 'heldOut')?.name).toBe('clip');
    expect(embedderAmong([], 'heldOut')).toBeUndefined();
  });

  it.each([clip, heldOut])('embeds pictures as distinct unit vectors', async (spec) => {
    const [reward] = await loadRewards([spec()]);
    const { width, of } = embedderAmong([reward!], '')!.embedding;
    const p = new WeightParameters(reward!.weights, folder);
    const ids = tf.tensor(reward!.tokenize(['a red circle', 'a red circle']), [2, reward!.promptLength], 'int32');
    const image = tf.tensor(pictures(8, 8), [2, 8, 8, 3]);
    const embedding = of(p, image, reward!.promptFeatures(p, ids));
    expect(embedding.shape).toEqual([2, width]);
    const norms = embedding.square().sum(-1).dataSync();
    for (const norm of norms) expect(norm).toBeCloseTo(1, 4);
    expect(meanPairwiseDistance(embedding.dataSync() as Float32Array, width)).toBeGreaterThan(0.01);
  });
});
