import { InputError } from '../../common/errors.ts';
import type { Weights } from '../../engine/weights/weight.ts';

/** A tensor's name and its shape in the file's layout. */
export type ExpectedTensor = readonly [name: string, shape: readonly number[]];
/**
 * The tensors that a network's file must hold according to its configuration. They are generated one at a time, so a
 * configuration with absurd sizes costs no more than the first missing tensor.
 */
export type ExpectedTensors = Generator<ExpectedTensor>;

export function* linearTensors(name: string, inputs: number, outputs: number, bias = true): ExpectedTensors {
  yield [`${name}.weight`, [outputs, inputs]];
  if (bias) yield [`${name}.bias`, [outputs]];
}

export function* convolutionTensors(name: string, inputs: number, outputs: number, kernel = 3): ExpectedTensors {
  yield [`${name}.weight`, [outputs, inputs, kernel, kernel]];
  yield [`${name}.bias`, [outputs]];
}

export function* normTensors(name: string, width: number): ExpectedTensors {
  yield [`${name}.weight`, [width]];
  yield [`${name}.bias`, [width]];
}

/**
 * Checks the tensors by the file's header, before memory is taken for any of them.
 * @param source the file or folder, for messages
 * @throws InputError that names the first tensor that is missing or has another shape
 */
export function requireTensors(weights: Weights, expected: Iterable<ExpectedTensor>, source: string): void {
  for (const [name, shape] of expected) {
    const stored = weights.get(name)?.shape;
    if (!stored)
      throw new InputError(`Tensor ${name} is missing from ${source}; expected shape [${shape.join(', ')}].`);
    if (String(stored) !== String(shape))
      throw new InputError(
        `Tensor ${name} in ${source} has shape [${stored.join(', ')}]; expected [${shape.join(', ')}] from its configuration.`,
      );
  }
}
