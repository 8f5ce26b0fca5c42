import type { Program, TensorSpec } from '../../engine/program/program.ts';
import type { Tensor } from '../../engine/tensorflow.ts';
import type { Generator } from '../generator/generator.ts';
import type { TrainedNetwork } from '../generator/trained-networks.ts';

/** Arguments that all recorders of entry points share. */
export interface Recording {
  readonly program: Program;
  readonly generator: Generator;
  readonly trained: readonly TrainedNetwork[];
  /** The input `scale`, the factor of the loss, for the entry points that take it; empty if the loss is not scaled. */
  readonly scale: Readonly<Record<string, TensorSpec>>;
}

/** Names of inputs and outputs: the gradient by an embedding, the numbers of a network's update, a reward's scores. */
export const gradientOf = (embedding: string) => `d.${embedding}`;
export const numbersOf = (network: string) => `numbers.${network}`;
export const scoresOf = (reward: string) => `reward.${reward}`;

/** Returns the gradient of the loss, given that of the scaled loss. */
export const unscaled = (gradient: Tensor, scale: Tensor | undefined): Tensor =>
  scale ? gradient.div(scale) : gradient;
