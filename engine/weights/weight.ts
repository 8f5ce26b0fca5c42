/** A parameter as stored in a file: torch's shape and layout. */
export interface Weight {
  readonly shape: number[];
  /**
   * The values as float32. A weight that lies in a file is read from it on each access, so that a network is never held
   * twice: access it once, where it is needed, and copy it to change it.
   */
  readonly data: Float32Array;
}

/** A network's parameters under torch's names. */
export type Weights = Map<string, Weight>;

/** Makes a weight whose values are computed on access. */
export function lazyWeight(shape: number[], read: () => Float32Array): Weight {
  return {
    shape,
    get data() {
      return read();
    },
  };
}

/** Returns whether a tensor is a weight: older versions of transformers store position ids among the weights. */
export const isWeight = (name: string): boolean => !/(^|\.)position_ids$/.test(name);
