import { describe, expect, it } from 'vitest';
import { tf, type Tensor } from '../../engine/tensorflow.ts';
import { bicubicMatrix } from '../../common/pictures/bicubic.ts';
import { CLIP_MEAN, CLIP_STD, preprocess, resizeBicubic } from '../../rewards/preprocess.ts';

/** The picture given to torch as well. [1, h, w, 3] */
function picture(h: number, w: number): Tensor {
  const values: number[] = [];
  for (let y = 0; y < h; y++)
    for (let x = 0; x < w; x++)
      for (let c = 0; c < 3; c++) values.push(((x * 7 + y * 13 + c * 29 + ((x * y) % 5) * 11) % 97) / 96);
  return tf.tensor(values, [1, h, w, 3]);
}

/** torch 2.15: interpolate(picture, size, mode='bicubic', antialias=True), first and last values and the sum. */
const golden = [
  {
    from: [7, 5],
    to: [3, 4],
    first: [0.123906, 0.437972, 0.740927],
    last: [0.807668, 0.466566, 0.463209],
    sum: 18.34404,
  },
  {
    from: [5, 6],
    to: [11, 9],
    first: [-0.016739, 0.285344, 0.587428],
    last: [0.916859, 0.208525, 0.510609],
    sum: 149.57593,
  },
  {
    from: [9, 9],
    to: [4, 4],
    first: [0.220838, 0.507991, 0.661509],
    last: [0.638367, 0.579388, 0.385997],
    sum: 24.54393,
  },
  {
    from: [4, 6],
    to: [4, 3],
    first: [0.039662, 0.341745, 0.643828],
    last: [0.761986, 0.138206, 0.478339],
    sum: 18.36439,
  },
] as const;

describe('resizeBicubic', () => {
  it.each(golden)('agrees with torch from $from to $to', ({ from, to, first, last, sum }) => {
    const resized = resizeBicubic(picture(from[0], from[1]), to[0], to[1]);
    expect(resized.shape).toEqual([1, to[0], to[1], 3]);
    const values = [...resized.dataSync()];
    first.forEach((value, i) => expect(values[i]).toBeCloseTo(value, 5));
    last.forEach((value, i) => expect(values[values.length - 3 + i]).toBeCloseTo(value, 5));
    expect(values.reduce((a, b) => a + b, 0)).toBeCloseTo(sum, 3);
  });

  it('leaves a picture of the right size untouched', () => {
    const image = picture(6, 6);
    expect(resizeBicubic(image, 6, 6)).toBe(image);
  });

  it('keeps a constant picture constant', () => {
    const rows = bicubicMatrix(37, 11);
    for (let i = 0; i < 11; i++) expect(rows.slice(i * 37, (i + 1) * 37).reduce((a, b) => a + b, 0)).toBeCloseTo(1, 6);
  });

  it('passes the gradient back through the transposed matrices', () => {
    const image = picture(5, 4);
    const direction = picture(3, 7);
    const gradient = tf.grad((x) => resizeBicubic(x, 3, 7).mul(direction).sum())(image);
    // <R(x), d> is linear in x, so its gradient's product with any x is the value itself.
    const value = resizeBicubic(image, 3, 7).mul(direction).sum().dataSync()[0]!;
    expect(gradient.mul(image).sum().dataSync()[0]).toBeCloseTo(value, 3);
  });
});

describe('preprocess', () => {
  const neutral = { mean: [0, 0, 0], std: [1, 1, 1] };

  it('crops the center of an oblong picture', () => {
    const image = tf.range(0, 4 * 8 * 3).reshape([1, 4, 8, 3]);
    const cropped = preprocess(image, { size: 4, fit: 'crop', ...neutral });
    expect([...cropped.dataSync()]).toEqual([...image.slice([0, 0, 2, 0], [1, 4, 4, 3]).dataSync()]);
  });

  it('pads an oblong picture with black, the odd row below', () => {
    const image = tf.ones([1, 3, 6, 3]);
    const padded = preprocess(image, { size: 6, fit: 'pad', ...neutral });
    const rows = [...padded.max([2, 3]).dataSync()];
    expect(rows).toEqual([0, 1, 1, 1, 0, 0]);
  });

  it("subtracts CLIP's mean and divides by its standard deviation", () => {
    const mean = tf.tensor([...CLIP_MEAN], [1, 1, 1, 3]).tile([1, 2, 2, 1]);
    const above = mean.add(tf.tensor1d([...CLIP_STD]));
    const preprocessing = { size: 2, fit: 'crop', mean: CLIP_MEAN, std: CLIP_STD } as const;
    for (const value of preprocess(mean, preprocessing).dataSync()) expect(value).toBeCloseTo(0, 6);
    for (const value of preprocess(above, preprocessing).dataSync()) expect(value).toBeCloseTo(1, 5);
  });
});
