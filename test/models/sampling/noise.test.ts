import { expect, it } from 'vitest';
import { startNoise } from '../../../models/sampling/noise.ts';

it('draws the same latents for the same prompt, seed and sample, and others for any other', () => {
  const shape = [8, 8, 4];
  const noise = startNoise(1, 'a', 0, shape);
  expect(noise).toHaveLength(256);
  expect(startNoise(1, 'a', 0, shape)).toEqual(noise);
  for (const other of [startNoise(2, 'a', 0, shape), startNoise(1, 'b', 0, shape), startNoise(1, 'a', 1, shape)])
    expect(other).not.toEqual(noise);
});
