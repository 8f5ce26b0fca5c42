import type { Config } from '../config.ts';

/** The sampler of the comparison; K is the same share of its steps as of those of tuning. */
export const testSampler = ({ sampler, evaluate: { steps = sampler.steps, scheduler } }: Config) => ({
  ...sampler,
  steps,
  gradientSteps: Math.max(1, Math.round((sampler.gradientSteps * steps) / sampler.steps)),
  ...(scheduler ? { scheduler } : {}),
});
