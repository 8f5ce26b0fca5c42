/** A parameter as a file holds it: torch's shape and layout. */
export interface Weight {
  readonly shape: number[];
  /**
   * The values as float32. Those of a weight that lies in a file are read from it each time they are asked for, so that
   * a network is never held twice: ask once, where they are needed, and copy them to change them.
   */
  readonly data: Float32Array;
}

/** A network's parameters under torch's names. */
export type Weights = Map<string, Weight>;

/** A weight whose values are made when they are asked for. */
export function lazyWeight(shape: number[], read: () => Float32Array): Weight {
  return {
    shape,
    get data() {
      return read();
    },
  };
}

/** Position ids stand among the weights in files of older versions of transformers, and are none. */
export const isWeight = (name: string): boolean => !/(^|\.)position_ids$/.test(name);
