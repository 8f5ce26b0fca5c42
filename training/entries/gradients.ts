import { vectorJacobianProduct } from '../../engine/vector-jacobian.ts';
import type { Scope, TensorSpec, Tensors } from '../../engine/program/program.ts';
import { tf, type Tensor } from '../../engine/tensorflow.ts';
import { originalNetworks, trainedParameters, tunedNetworks } from '../generator/trained-networks.ts';
import type { Encoded } from './encode.ts';
import { gradientOf, unscaled, type Recording } from './entries.ts';

/** The vector-Jacobian product of encode, to be used inside entry points. */
export interface EncodeProduct {
  /** Its inputs: the prompts and dL/dc; none if no network that makes the embeddings is trained. */
  specs: Record<string, TensorSpec>;
  /**
   * Returns dL/dphi = dL/dc dc/dphi by full name, the pull included, and the embeddings' distance from the original
   * ones.
   */
  of(inputs: Tensors, scope: Scope): { drift?: Tensor; gradients: Map<string, Tensor> };
}

/** Makes the product. @param pull weight of mean((c - c_original)^2) in the loss */
export function encodeProduct({ generator, trained, scale }: Recording, c: Encoded, pull: number): EncodeProduct {
  if (!c.learns) return { specs: scale, of: () => ({ gradients: new Map() }) };
  const names = Object.keys(c.specs);
  const gradientSpecs = Object.fromEntries(names.map((name) => [gradientOf(name), c.specs[name]!]));
  return {
    specs: { ...generator.encodeInputs.specs, ...gradientSpecs, ...scale },
    of({ scale, ...inputs }, scope) {
      const original = generator.encode(originalNetworks(scope, trained), inputs);
      let drift: Tensor | undefined;
      let parameters: string[] = [];
      const { gradients } = vectorJacobianProduct(
        () => {
          const now = generator.encode(tunedNetworks(scope, trained), inputs);
          drift = tf.keep(flat(now).sub(flat(original)).square().mean());
          const along = names.map((name) => now[name]!.mul(inputs[gradientOf(name)]!).sum());
          const pulled = drift.mul(pull);
          return tf.addN(along).add(scale ? pulled.mul(scale) : pulled);
        },
        () => {
          const found = trainedParameters(scope, trained);
          parameters = [...found.keys()];
          return [...found.values()];
        },
      );
      return { drift: drift!, gradients: new Map(parameters.map((name, i) => [name, unscaled(gradients[i]!, scale)])) };
    },
  };
}

/** Records `gradients`: dL/dc -> dL/dphi by full name, in the engine's layout. */
export function recordGradients({ program }: Recording, product: EncodeProduct): void {
  program.entry('gradients', product.specs, (inputs: Tensors, scope) =>
    Object.fromEntries(product.of(inputs, scope).gradients),
  );
}

/** Concatenates the values of all embeddings. */
const flat = (embeddings: Tensors): Tensor => tf.concat(Object.values(embeddings).map((t) => t.reshape([-1])));
