import type { Program } from '../../engine/program/program.ts';
import { tf } from '../../engine/tensorflow.ts';
import type { Weights } from '../../engine/weights/weights.ts';
import { trainedGroup, type TrainedNetwork } from '../generator/trained-networks.ts';

/** The version of the trained networks that is kept: their moving average, or the parameters themselves. */
export interface Average {
  /** Restarts at the current parameters. */
  start(): void;
  /** Follows the parameters after this update, 1-based. */
  follow(update: number): void;
  /** Returns the kept version of a network's trained parameters. */
  read(network: TrainedNetwork): Weights;
}

/** An exponential moving average of all trained parameters, in `state/ema/…`. */
export class MovingAverage implements Average {
  readonly #program: Program;
  readonly #trained: readonly TrainedNetwork[];
  readonly #decay: number;

  /** @param program has the entry point `average` */
  constructor(program: Program, trained: readonly TrainedNetwork[], decay: number) {
    this.#program = program;
    this.#trained = trained;
    this.#decay = decay;
  }

  start(): void {
    for (const group of this.#trained.map(trainedGroup))
      this.#program.load(`${AVERAGE}/${group}`, this.#program.read(group));
  }

  /** The decay is smaller at first, so that the start is soon forgotten. */
  follow(update: number): void {
    this.#program.run('average', { decay: tf.scalar(Math.min(this.#decay, (1 + update) / (10 + update))) });
  }

  read(network: TrainedNetwork): Weights {
    return this.#program.read(`${AVERAGE}/${trainedGroup(network)}`);
  }
}

const AVERAGE = 'state/ema';

/** Keeps the parameters themselves, without an average. */
export const withoutAverage = (program: Program): Average => ({
  start: () => {},
  follow: () => {},
  read: (network) => program.read(trainedGroup(network)),
});
