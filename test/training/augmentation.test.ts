import { describe, expect, it } from 'vitest';
import { RandomStream } from '../../common/random.ts';
import { parseGallery } from '../../world/scenes/gallery/gallery-grammar.ts';
import { knownWorld } from '../../world/known/known-worlds.ts';
import { parse } from '../../world/scenes/shapes/grammar.ts';
import { tf, type Tensor } from '../../engine/tensorflow.ts';
import { augmentPictures, drawPictures, pictureSpecs } from '../../training/augmentation/picture.ts';
import { augmentPrompt } from '../../training/augmentation/prompt.ts';

const [height, width] = [6, 8];
const picture = tf.tensor(new RandomStream(1, 'picture').normal(2 * height * width * 3), [2, height, width, 3]);
const draw = (purpose: string, sample: number) => new RandomStream(3, purpose, 4, sample);
const none = { crop: 0, flip: false, cutout: 0 };
const change = (settings: Partial<typeof none>, draws: typeof draw | null = draw): Tensor =>
  augmentPictures(picture, drawPictures({ ...none, ...settings }, [2, height, width], draws ?? undefined));
const distance = (a: Tensor, b: Tensor) => a.sub(b).abs().max().dataSync()[0]!;

describe('the changed picture', () => {
  it('has inputs of the declared shapes', () => {
    const inputs = drawPictures({ crop: 0.5, flip: true, cutout: 0.5 }, [2, height, width], draw);
    for (const [name, { shape }] of Object.entries(pictureSpecs(2, height, width)))
      expect(inputs[name]!.shape).toEqual(shape);
  });

  it('is the picture itself when nothing is configured, or nothing is drawn', () => {
    expect(distance(change({}), picture)).toBeLessThan(1e-6);
    expect(distance(change({ crop: 0.5, flip: true, cutout: 0.5 }, null), picture)).toBeLessThan(1e-6);
  });

  it('is mirrored, left for right, half of the time', () => {
    const mirrored = picture.reverse(2);
    const turned = Array.from({ length: 40 }, (_, step) => {
      const own = change({ flip: true }, (purpose, sample) => new RandomStream(3, purpose, step, sample));
      const first = own.slice(0, 1);
      const isMirrored = distance(first, mirrored.slice(0, 1)) < 1e-6;
      expect(isMirrored || distance(first, picture.slice(0, 1)) < 1e-6).toBe(true);
      return isMirrored;
    });
    expect(turned.filter(Boolean).length).toBeGreaterThan(8);
    expect(turned.filter(Boolean).length).toBeLessThan(32);
  });

  it('is a stretched piece of the picture: a ramp stays a ramp, less steep and within its range', () => {
    const ramp = tf.range(0, width).reshape([1, 1, width, 1]).tile([2, height, 1, 3]) as Tensor;
    const inputs = drawPictures({ ...none, crop: 0.5 }, [2, height, width], draw);
    const row = [...augmentPictures(ramp, inputs).slice([0, 0, 0, 0], [1, 1, width, 1]).dataSync()];
    const slopes = row.slice(1).map((x, i) => x - row[i]!);
    expect(Math.max(...slopes)).toBeLessThan(1);
    expect(Math.min(...slopes)).toBeGreaterThan(0);
    expect(row[0]).toBeGreaterThanOrEqual(0);
    expect(row.at(-1)).toBeLessThanOrEqual(width - 1);
  });

  it('has a gray square of the configured size, through which no gradient flows', () => {
    const inputs = drawPictures({ ...none, cutout: 0.5 }, [2, height, width], draw);
    const gradient = tf
      .grad((x) => augmentPictures(x as Tensor, inputs).sum())(picture as never)
      .dataSync();
    expect([...gradient].filter((x) => x === 0)).toHaveLength(2 * 3 * (height / 2) * (width / 2));
    expect([...gradient].filter((x) => Math.abs(x - 1) < 1e-6)).toHaveLength(2 * 3 * height * width * 0.75);
    const gray = change({ cutout: 0.5 })
      .dataSync()
      .filter((x) => x === 0.5);
    expect(gray).toHaveLength(2 * 3 * (height / 2) * (width / 2));
  });
});

describe('the changed prompt', () => {
  const stream = (i: number) => new RandomStream(1, 'prompt', i);
  const rephrased = { wordDropout: 0, paraphrase: true };

  describe.each([
    ['shapes', 'a small red circle in the top left on a white background, blurry', parse],
    ['gallery', 'a small red circle in the top left on a navy background, in a neon style, blurry', parseGallery],
  ] as const)('of the world "%s"', (name, prompt, meaning) => {
    const world = knownWorld(name);

    it('describes the same scene and style in other words', () => {
      const said = Array.from({ length: 30 }, (_, i) => augmentPrompt(prompt, rephrased, world, stream(i)));
      expect(new Set(said).size).toBeGreaterThan(10);
      for (const other of said) {
        expect(meaning(other)).toEqual(meaning(prompt));
        expect(other).toContain('blurry');
      }
    });

    it('is the prompt itself where the world is another, or none', () => {
      expect(augmentPrompt('two dogs', rephrased, world, stream(1))).toBe('two dogs');
      expect(augmentPrompt(prompt, rephrased, undefined, stream(1))).toBe(prompt);
    });
  });

  it('leaves out about the configured share of words, keeps their order, and never drops all', () => {
    const prompt = 'a small red circle in the top left on a white background, blurry';
    const dropped = (wordDropout: number, i: number) =>
      augmentPrompt(prompt, { wordDropout, paraphrase: false }, undefined, stream(i)).split(' ');
    const words = prompt.split(' ');
    const lengths = Array.from({ length: 200 }, (_, i) => {
      const left = dropped(0.5, i);
      let at = -1;
      for (const word of left) expect((at = words.indexOf(word, at + 1))).toBeGreaterThanOrEqual(0);
      return left.length;
    });
    const mean = lengths.reduce((a, b) => a + b, 0) / 200;
    expect(mean / words.length).toBeGreaterThan(0.45);
    expect(mean / words.length).toBeLessThan(0.65);
    expect(dropped(1, 0)).toHaveLength(1);
  });
});
