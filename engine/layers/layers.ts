/**
 * The layers of every network here, each with its own fused gradient. Images are [B, H, W, C], sequences [B, T, C].
 * Parameter names and meanings are torch's.
 */
export * from './activations.ts';
export { attention } from './attention.ts';
export { conv2d } from './convolution.ts';
export { embedding, linear } from './linear.ts';
export * from './normalization.ts';
