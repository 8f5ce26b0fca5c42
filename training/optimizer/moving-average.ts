import type { Program } from '../../engine/program/program.ts';
import { tf } from '../../engine/tensorflow.ts';
import type { Weights } from '../../engine/weights/weights.ts';
import { trainedGroup, type TrainedNetwork } from '../generator/trained-networks.ts';

/** What is kept of the networks in training. */
export interface Average {
  /** Starts anew at the parameters as they are now. */
  start(): void;
  /** Follows the parameters after the update of this number, 1-based. */
  follow(update: number): void;
  /** What is kept of a network's trained parameters. */
  read(network: TrainedNetwork): Weights;
}

/** An exponential moving average of all that is trained, `state/ema/…`. */
export class MovingAverage implements Average {
  readonly #program: Program;
  readonly #trained: readonly TrainedNetwork[];
  readonly #decay: number;

  /** @param program with the entry point `average` */
  constructor(program: Program, trained: readonly TrainedNetwork[], decay: number) {
    this.#program = program;
    this.#trained = trained;
    this.#decay = decay;
  }

  start(): void {
    for (const group of this.#trained.map(trainedGroup))
      this.#program.load(`${AVERAGE}/${group}`, this.#program.read(group));
  }

  /** The memory is short at first: the start is soon forgotten. */
  follow(update: number): void {
    this.#program.run('average', { decay: tf.scalar(Math.min(this.#decay, (1 + update) / (10 + update))) });
  }

  read(network: TrainedNetwork): Weights {
    return this.#program.read(`${AVERAGE}/${trainedGroup(network)}`);
  }
}

const AVERAGE = 'state/ema';

/** No average: the parameters themselves are kept. */
export const withoutAverage = (program: Program): Average => ({
  start: () => {},
  follow: () => {},
  read: (network) => program.read(trainedGroup(network)),
});
