import { RunError } from '../common/errors.ts';
import { short } from '../common/text/short.ts';
import { firstNotFinite } from '../engine/weights/finite.ts';
import type { StepGradients } from './trainer.ts';
import type { StepMetrics } from './tuner.ts';

/**
 * Stops the run after a step whose numbers are not all finite: an infinite norm would make the update zero, and NaN
 * would spread to every parameter. The state after such a step must not be kept.
 * @throws RunError that names the step and the number
 */
export function requireFiniteStep({ step, loss, drift, rewards, gradientNorm, deltaNorm }: StepMetrics): void {
  const numbers: [what: string, value: number | undefined][] = [
    ['loss', loss],
    ...named('mean of reward', rewards),
    ...named('norm of the gradient of', gradientNorm),
    ['mean squared distance of the embeddings from the original ones', drift],
    ...named('norm of the change of', deltaNorm),
  ];
  const wrong = numbers.find(([, value]) => value !== undefined && !Number.isFinite(value));
  if (wrong)
    throw new RunError(
      `The ${wrong[0]} is ${wrong[1]} at step ${step}; the run stops here and the last good checkpoint stays. Lower the rewards' weights or the learning rate.`,
    );
}

/** @throws RunError that names the network, the parameter and the index of a value that is not finite */
export function requireFiniteGradients(gradients: StepGradients['gradients']): void {
  for (const [network, ofNetwork] of Object.entries(gradients))
    for (const [name, { data }] of ofNetwork) {
      const at = firstNotFinite(data);
      if (at >= 0)
        throw new RunError(
          `The gradient of ${name} (${network}) is ${data[at]} at index ${at} of ${data.length}; expected finite numbers. Lower the rewards' weights, or compute in float32.`,
        );
    }
}

const named = (what: string, values: Readonly<Record<string, number>>): [string, number][] =>
  Object.entries(values).map(([name, value]) => [`${what} ${short(name)}`, value]);
