/**
 * Runs parts of a batch side by side. Several threads gain nothing in an operation that takes less than half a
 * millisecond; one thread per part of the batch does. TensorFlow runs independent operations at the same time where it
 * is allowed to (TF_NUM_INTEROP_THREADS).
 */
import type { Tensors } from './program/program.ts';
import { tf, type Tensor } from './tensorflow.ts';

let current = 1;

/** Returns the number of parts into which programs recorded from now on in this process cut their batches. */
const lanes = (): number => current;
export function setLanes(count: number): void {
  current = count;
}

/**
 * Computes f of the rows of all inputs in {@link lanes} parts.
 * @param inputs tensors with the same first axis
 * @param f works row by row: its results have that axis as well
 */
export function inLanes<I extends { [K in keyof I]: Tensor }, O extends Tensors>(inputs: I, f: (inputs: I) => O): O {
  const entries = Object.entries<Tensor>(inputs);
  const rows = entries[0]![1].shape[0]!;
  const count = Math.min(lanes(), rows);
  if (count === 1) return f(inputs);
  const sizes = Array.from(
    { length: count },
    (_, i) => Math.floor(((i + 1) * rows) / count) - Math.floor((i * rows) / count),
  );
  const parts = entries.map(([name, t]) => [name, tf.split(t, sizes)] as const);
  const results = sizes.map((_, i) => f(Object.fromEntries(parts.map(([name, part]) => [name, part[i]])) as I));
  const joined = Object.keys(results[0]!).map((name) => [name, tf.concat(results.map((result) => result[name]!))]);
  return Object.fromEntries(joined) as O;
}
