/** The number of elements of a tensor of this shape: the product of its axes, 1 for a scalar. */
export const product = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);
