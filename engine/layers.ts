/**
 * The layers that every network here is made of, each with its own fused gradient. Images are [B, H, W, C],
 * sequences [B, T, C]. Parameter names and meanings are torch's.
 */
export * from './layers/activations.ts';
export { attention } from './layers/attention.ts';
export { conv2d, type ConvolutionOptions } from './layers/convolution.ts';
export { embedding, linear } from './layers/linear.ts';
export * from './layers/normalization.ts';
