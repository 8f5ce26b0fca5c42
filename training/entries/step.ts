import { vectorJacobianProduct } from '../../engine/vector-jacobian.ts';
import { select } from '../../engine/program/operations.ts';
import { float32, type Scope, type TensorSpec, type Tensors } from '../../engine/program/program.ts';
import { tf, type Tensor } from '../../engine/tensorflow.ts';
import { trainedParameters, tunedNetworks } from '../generator/trained-networks.ts';
import type { Encoded } from './encode.ts';
import { gradientOf, unscaled, type Recording } from './entries.ts';

/**
 * Records `step`: z_t, c -> z_(t-1), and `stepVjp`: z_t, c, dL/dz_(t-1) -> dL/dz_t, dL/dc, whose first half is the
 * step. The gradient by the step's own parameters (a UNet's) is summed in `state/gradient/…`; it restarts from zero
 * when the input `keep` is 0.
 * @returns whether a network of the step is trained
 */
export function recordStep({ program, generator, trained, scale }: Recording, c: Encoded): boolean {
  const latents = float32(...generator.latents);
  const names = Object.keys(c.specs);
  const inputs = { z: latents, step: float32(generator.steps[0]!.length), ...c.specs };
  const take = (scope: Scope, { z, step, ...embeddings }: Tensors) =>
    generator.step(tunedNetworks(scope, trained), { z: z!, step: step! }, embeddings);

  let learns = false;
  program.entry('step', inputs, (given, scope) => {
    const z = take(scope, given);
    learns = trainedParameters(scope, trained).size > 0;
    return { z };
  });

  const productInputs: Record<string, TensorSpec> = {
    ...inputs,
    dz: latents,
    ...(learns ? { keep: float32(), ...scale } : {}),
  };
  program.entry(
    'stepVjp',
    productInputs,
    ({ dz, keep, scale, ...given }: Tensors, scope) => {
      let parameters: string[] = [];
      const { value, gradients } = vectorJacobianProduct(
        () => take(scope, given),
        () => {
          const found = trainedParameters(scope, trained);
          parameters = [...found.keys()];
          return [given['z']!, ...(c.learns ? names.map((name) => given[name]!) : []), ...found.values()];
        },
        dz,
      );
      const outputs: Tensors = { z: value, dz: gradients.shift()! };
      if (c.learns) for (const name of names) outputs[gradientOf(name)] = gradients.shift()!;
      for (const name of parameters) {
        const sum = kept(scope.state('gradient', name), keep!, scale !== undefined);
        scope.assign(`state/gradient/${name}`, sum.add(unscaled(gradients.shift()!, scale)));
      }
      return outputs;
    },
    { late: ['dz', 'keep', 'scale'] },
  );
  return learns;
}

/** Returns the sum so far, or zero. @param overflows whether it may be infinite: infinity times zero is NaN */
const kept = (sum: Tensor, keep: Tensor, overflows: boolean): Tensor =>
  overflows ? select(keep.greater(0), sum, tf.zerosLike(sum)) : sum.mul(keep);
