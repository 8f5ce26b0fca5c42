import { vectorJacobianProduct } from '../../engine/vector-jacobian.ts';
import { float32, type Tensors } from '../../engine/program/program.ts';
import { tf, type Tensor } from '../../engine/tensorflow.ts';
import { weightedSum } from '../../rewards/total.ts';
import { scoresOf, type Recording } from './entries.ts';

/** Records `score`: z_0, prompts -> the loss L = -mean sum_i gamma_i R_i, each reward's scores, dL/dz_0. */
export function recordScore({ program, generator, scale }: Recording): void {
  const inputs = { z: float32(...generator.latents), ...scale, ...generator.scoreInputs.specs };
  program.entry('score', inputs, ({ z, scale, ...given }: Tensors, scope) => {
    let scores: Tensors = {};
    let loss: Tensor;
    const { gradients } = vectorJacobianProduct(
      () => {
        scores = generator.score({ parameters: (network) => scope.parameters(network) }, z!, given);
        for (const score of Object.values(scores)) tf.keep(score);
        loss = tf.keep(weightedSum(generator.rewards, scores).mean().neg());
        return scale ? loss.mul(scale) : loss;
      },
      () => [z!],
    );
    const named = Object.entries(scores).map(([name, score]) => [scoresOf(name), score]);
    return { loss: loss!, dz: gradients[0]!, ...(Object.fromEntries(named) as Tensors) };
  });
}
