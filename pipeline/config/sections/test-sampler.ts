import type { Config } from '../config.ts';

/** Returns the sampler of the comparison; K is the same share of its steps as in tuning. */
export const testSampler = ({ sampler, evaluate: { steps = sampler.steps, scheduler } }: Config) => ({
  ...sampler,
  steps,
  gradientSteps: Math.max(1, Math.round((sampler.gradientSteps * steps) / sampler.steps)),
  ...(scheduler ? { scheduler } : {}),
});
