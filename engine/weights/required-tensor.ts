import { InputError } from '../../common/errors.ts';
import type { Weight, Weights } from './weight.ts';

/**
 * Returns the tensor `name`, which must have this shape in the file's layout.
 * @param source the file or folder, for messages
 * @param as what the shape follows from, for messages: "as in ..."
 * @throws InputError that names the tensor, the file or folder, and the expected shape
 */
export function requireTensor(
  weights: Weights,
  name: string,
  shape: readonly number[],
  source: string,
  as?: string,
): Weight {
  const found = weights.get(name);
  if (!found || String(found.shape) !== String(shape))
    throw wrong(name, found, source, `${found || as ? '' : 'shape '}[${shape.join(', ')}]${as ? `, ${as}` : ''}`);
  return found;
}

/**
 * Returns the shape of the tensor `name`, which must have this many axes.
 * @throws InputError as {@link requireTensor}
 */
export function requireRank(weights: Weights, name: string, rank: number, source: string, as: string): number[] {
  const found = weights.get(name);
  if (found?.shape.length !== rank) throw wrong(name, found, source, `${rank} axes, ${as}`);
  return found.shape;
}

function wrong(name: string, found: Weight | undefined, source: string, expected: string): InputError {
  return new InputError(
    found
      ? `Tensor ${name} in ${source} has shape [${found.shape.join(', ')}]; expected ${expected}.`
      : `Tensor ${name} is missing from ${source}; expected ${expected}.`,
  );
}
