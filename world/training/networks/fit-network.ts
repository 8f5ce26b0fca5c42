import { vectorJacobianProduct } from '../../../engine/vector-jacobian.ts';
import { float32, type Program, type Scope, type Tensors } from '../../../engine/program/program.ts';
import { tf, type Tensor } from '../../../engine/tensorflow.ts';
import type { Weights } from '../../../engine/weights/weights.ts';
import { ADAMW, UPDATE_NUMBERS, adamW, updateNumbers } from '../../../training/optimizer/adamw.ts';

/** With AdamW's usual beta2 of .999, the large gradients of the first steps would keep the steps short for a thousand more. */
const OPTIMIZER = { ...ADAMW, beta2: 0.99 };

/** Returns the decay of the moving average at a 1-based step: short memory at first, `limit` in the end. */
const averageDecay = (step: number, limit: number) => Math.min(limit, step / (10 + step));

/** The inputs that {@link descend} needs and {@link fit} feeds. */
export const FIT_INPUTS = { numbers: UPDATE_NUMBERS, decay: float32() };

/** Records one AdamW step on `loss` for the parameters of `groups`, and updates their moving average. */
export function descend(
  scope: Scope,
  groups: readonly string[],
  { numbers, decay }: { numbers: Tensor; decay: Tensor },
  loss: () => Tensor,
  weightDecay = 0,
): { loss: Tensor; norm: Tensor } {
  const parameters = () => groups.flatMap((group) => [...scope.used(group).values()]);
  const { value, gradients } = vectorJacobianProduct(loss, parameters);
  const norms = groups.map((group) => {
    const named = new Map([...scope.used(group).keys()].map((name) => [name, gradients.shift()!]));
    movingAverage(scope, group, decay);
    return adamW(scope, group, named, numbers, { ...OPTIMIZER, weightDecay });
  });
  return { loss: value, norm: norms[0]! };
}

/** Adds the moving average of the parameters of `group` used by this entry point, as `state/average/…`. */
function movingAverage(scope: Scope, group: string, decay: Tensor): void {
  for (const [name, value] of scope.used(group)) {
    const average = scope.state('average', `${group}/${name}`);
    scope.assign(`state/average/${group}/${name}`, average.mul(decay).add(value.mul(tf.sub(1, decay))));
  }
}

export interface Fit {
  program: Program;
  steps: number;
  /** Peak learning rate, after a linear warm-up and before a half-cosine decay to zero. */
  learningRate: number;
  warmup?: number;
  averageLimit?: number;
  /** Returns the inputs of the entry point `step` for a 1-based step, except `numbers` and `decay`. */
  batch(step: number): Tensors;
  /** Called every `reportEvery` steps with the means of the scalar outputs since the last call. */
  report(step: number, means: Record<string, number>): void;
  reportEvery?: number;
}

/**
 * Trains one group of parameters, the only one in the program, by its entry point `step`, and frees the program.
 * @param start returns the initial weights, given the shapes of the parameters
 * @returns the moving average
 */
export function fitGroup(
  group: string,
  start: (parameters: ReturnType<Program['parameters']>) => Weights,
  options: Fit,
): Weights {
  const { program } = options;
  program.compile();
  program.load(group, start(program.parameters(group)));
  fit(options);
  const weights = program.read(`state/average/${group}`);
  program.dispose();
  return weights;
}

/** Runs the entry point `step` of a program, `steps` times. */
export function fit({
  program,
  steps,
  learningRate,
  warmup = 100,
  averageLimit = 0.999,
  batch,
  report,
  reportEvery = 200,
}: Fit): void {
  let sums: Record<string, number> = {};
  for (let step = 1; step <= steps; step++) {
    const schedule = Math.min(1, step / warmup) * 0.5 * (1 + Math.cos((Math.PI * step) / (steps + 1)));
    const inputs = {
      ...batch(step),
      numbers: updateNumbers(learningRate * schedule, step, OPTIMIZER),
      decay: tf.scalar(averageDecay(step, averageLimit)),
    };
    const outputs = program.run('step', inputs);
    for (const [name, tensor] of Object.entries(outputs)) {
      sums[name] = (sums[name] ?? 0) + tensor.dataSync()[0]!;
      tensor.dispose();
    }
    for (const tensor of Object.values(inputs)) tensor.dispose();
    if (step % reportEvery === 0 || step === steps) {
      const count = step % reportEvery || reportEvery;
      report(step, Object.fromEntries(Object.entries(sums).map(([name, sum]) => [name, sum / count])));
      sums = {};
    }
  }
}
