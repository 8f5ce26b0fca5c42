import type { Program, Tensors } from '../../engine/program/program.ts';
import type { Tensor } from '../../engine/tensorflow.ts';
import { ADAMW, updateNumbers, type AdamWOptions } from './adamw.ts';
import { numbersOf } from '../entries/entries.ts';
import type { LossScaling } from './loss-scale.ts';
import type { Average } from './moving-average.ts';
import type { TrainedNetwork } from '../generator/trained-networks.ts';
import type { UpdateMetrics } from '../tuner.ts';

export interface UpdateParts {
  /** Has the entry points `update` and `deltaNorm`. */
  program: Program;
  trained: readonly TrainedNetwork[];
  optimizer: AdamWOptions | undefined;
  scale: LossScaling;
  average: Average;
}

/** Updates all trained parameters, then the loss's scale and the moving average. */
export class Update {
  readonly #parts: UpdateParts;

  constructor(parts: UpdateParts) {
    this.#parts = parts;
  }

  /**
   * phi <- AdamW(phi, dL/dphi), with dL/dphi = dL/dc dc/dphi by one product of encode. Skips gradients that are not
   * finite.
   * @param gradients the prompts and dL/dc; empty if no network that makes the embeddings is trained
   * @param number of this update, 1-based; skipped updates count
   * @param rate factor of the learning rates
   */
  run(gradients: Tensors, number: number, rate: number): UpdateMetrics {
    const { program, trained, optimizer = ADAMW, scale, average } = this.#parts;
    const count = number - scale.skipped;
    const numbers = trained.map(({ name, learningRate }): [string, Tensor] => [
      numbersOf(name),
      updateNumbers(learningRate * rate, count, optimizer),
    ]);
    const { drift, finite, ...norms } = program.run('update', {
      ...gradients,
      ...scale.inputs(),
      ...Object.fromEntries(numbers),
    });
    const isFinite = finite === undefined || scalar(finite) !== 0;
    scale.update(isFinite);
    if (isFinite) average.follow(count);
    return {
      gradientNorm: isFinite ? scalars(norms) : Object.fromEntries(Object.keys(norms).map((name) => [name, 0])),
      deltaNorm: scalars(program.run('deltaNorm', {})),
      ...(drift ? { drift: scalar(drift) } : {}),
      ...scale.metrics(),
    };
  }
}

const scalar = (tensor: Tensor): number => tensor.dataSync()[0]!;
const scalars = (tensors: Tensors): Record<string, number> =>
  Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, scalar(tensor)]));
