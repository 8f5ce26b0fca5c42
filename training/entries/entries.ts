import type { Program, TensorSpec } from '../../engine/program/program.ts';
import type { Tensor } from '../../engine/tensorflow.ts';
import type { Generator } from '../generator/generator.ts';
import type { TrainedNetwork } from '../generator/trained-networks.ts';

/** What the recorders of entry points share. */
export interface Recording {
  readonly program: Program;
  readonly generator: Generator;
  readonly trained: readonly TrainedNetwork[];
  /** `scale`, the factor of the loss, as an input of those entry points that take it; nothing where there is none. */
  readonly scale: Readonly<Record<string, TensorSpec>>;
}

/** Input and output names: the gradient by an embedding, the numbers of a network's update, a reward's scores. */
export const gradientOf = (embedding: string) => `d.${embedding}`;
export const numbersOf = (network: string) => `numbers.${network}`;
export const scoresOf = (reward: string) => `reward.${reward}`;

/** The gradient of the loss from that of the scaled loss. */
export const unscaled = (gradient: Tensor, scale: Tensor | undefined): Tensor =>
  scale ? gradient.div(scale) : gradient;
