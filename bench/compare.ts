import { readSafetensors } from '../engine/weights/safetensors.ts';

export interface Differences {
  /**
   * Largest relative difference of loss and rewards, or of an output: the largest difference over the largest value.
   */
  values: number;
  /**
   * Largest norm of a gradient's difference over the gradient's norm; for a key's bias, over the largest gradient's.
   */
  gradients?: number;
}

/** Compares two files that hold the tensors of a step (or one output, `y`). */
export async function largestDifferences(ours: string, theirs: string): Promise<Differences> {
  const [a, b] = [await readSafetensors(ours), await readSafetensors(theirs)];
  const canonical = (name: string) => name.replace('grad.text_model.', 'grad.');
  const named = new Map(a.names.map((name) => [canonical(name), name]));
  const norms = new Map<string, [difference: number, norm: number]>();
  let values = 0;
  for (const name of b.names) {
    const found = named.get(canonical(name));
    if (found === undefined) throw new Error(`${name} is missing from ${ours}`);
    const [x, y] = [a.float32(found), b.float32(name)];
    const difference = y.map((value, i) => value - x[i]!);
    if (name.startsWith('grad.')) norms.set(name, [norm(difference), norm(y)]);
    else values = Math.max(values, largest(difference) / largest(y));
  }
  if (norms.size === 0) return { values };
  const most = Math.max(...[...norms.values()].map(([, size]) => size));
  const relative = [...norms].map(
    ([name, [difference, size]]) => difference / (name.endsWith('k_proj.bias') || size === 0 ? most : size),
  );
  return { values, gradients: Math.max(...relative) };
}

const norm = (values: Float32Array) => Math.sqrt(values.reduce((sum, x) => sum + x * x, 0));
const largest = (values: Float32Array) => values.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
