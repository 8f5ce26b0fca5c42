import type { Weights } from '../../../engine/weights/weights.ts';

/** Adds input channels to a UNet's first convolution, with zero weights, so that it ignores them at first. */
export function widenInput(unet: Weights, channels: number): Weights {
  const { shape, data } = unet.get('conv_in.weight')!; // [out, in, 3, 3]
  const [out, before, height, width] = shape as [number, number, number, number];
  const wider = new Float32Array(out * channels * height * width);
  const row = before * height * width;
  for (let o = 0; o < out; o++) wider.set(data.subarray(o * row, (o + 1) * row), o * channels * height * width);
  return new Map([...unet, ['conv_in.weight', { shape: [out, channels, height, width], data: wider }]]);
}
