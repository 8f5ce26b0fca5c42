import type { ComputeType } from '../engine/compute-type.ts';
import { vectorJacobianProduct } from '../engine/gradients.ts';
import { select } from '../engine/program/operations.ts';
import { Program, float32, type Scope, type TensorSpec, type Tensors } from '../engine/program/program.ts';
import { tf, type Tensor } from '../engine/tensorflow.ts';
import { weightedSum } from '../rewards/total.ts';
import { UPDATE_NUMBERS, adamW, globalNorm, type AdamWOptions } from './adamw.ts';
import type { Generator } from './generator.ts';
import {
  changes,
  loadStart,
  originalNetworks,
  requireParameters,
  trainedGroup,
  trainedParameters,
  tunedNetworks,
  type TrainedNetwork,
} from './trained-networks.ts';

export interface ProgramSettings {
  trained: readonly TrainedNetwork[];
  /** Of all that is drawn. Default 0. */
  seed?: number;
  /** Weight of mean((c - c_original)^2) over the embeddings, a pull towards the original encoder. */
  embeddingPull: number;
  /** Weight of |phi - phi_original|^2 over the parameters, a pull of those towards the original ones. */
  weightPull?: number;
  /** Decay of a moving average of all that is trained, `state/ema/…`; without it there is none. */
  averageDecay?: number | undefined;
  /** Left out where the gradients are all that is asked for: then there is no room for moments either. */
  optimizer?: AdamWOptions;
  /** What is computed in; default: the process's own type. */
  type?: ComputeType | undefined;
}

export interface TuningProgram {
  program: Program;
  /** Whether the loss is scaled, as float16 needs it: then score, stepVjp, gradients and update have the input `scale`. */
  scales: boolean;
  /** Whether something that is trained is part of encode, and of step. */
  learns: { encode: boolean; step: boolean };
}

/** Input and output names: the gradient by an embedding, the numbers of a network's update, a reward's scores. */
export const gradientOf = (embedding: string) => `d.${embedding}`;
export const numbersOf = (network: string) => `numbers.${network}`;
export const scoresOf = (reward: string) => `reward.${reward}`;

/**
 * The entry points of prompt-based reward tuning (Alg. 1) of any of a generator's networks. Between them only latents
 * and embeddings are kept, so memory is that of one step and its gradient, whatever K is:
 *
 *     encode     prompts -> embeddings                             under the networks as they are now
 *     step       z_t -> z_(t-1)
 *     score      z_0 -> loss, rewards, dL/dz_0
 *     stepVjp    z_t, dL/dz_(t-1) -> dL/dz_t, dL/d(embeddings)     in two halves, of which the first is the step
 *     gradients  dL/d(embeddings) -> dL/d(phi) by full name, in the engine's layout
 *     update     dL/d(embeddings) -> the update of all that is trained; norms of the gradients
 *     average    the moving average of all that is trained
 *     deltaNorm  how far each network is from where it started
 *
 * Where the loss is scaled, dL is `scale` dL in all that passes between them; what is given out as a gradient by
 * parameters is not. An update by gradients that are not finite changes nothing: its output `finite` says so.
 *
 * The gradient by parameters of `step` (a UNet's) is summed over the steps in `state/gradient/…` by stepVjp, which
 * starts anew where its input `keep` is 0.
 */
export function tuningProgram(generator: Generator, settings: ProgramSettings): TuningProgram {
  const { trained, embeddingPull, weightPull = 0, averageDecay, optimizer } = settings;
  const program = new Program(settings.type ? { type: settings.type } : {});
  const scales = program.type === 'float16';
  const scaleInput: Record<string, TensorSpec> = scales ? { scale: float32() } : {};
  const unscaled = (gradient: Tensor, scale: Tensor | undefined) => (scale ? gradient.div(scale) : gradient);
  const learns = { encode: false, step: false };
  const latents = float32(...generator.latents);

  const embeddings: Record<string, TensorSpec> = {};
  program.entry('encode', generator.encodeInputs.specs, (inputs, scope) => {
    const found = generator.encode(tunedNetworks(scope, trained), inputs);
    for (const [name, { shape }] of Object.entries(found)) embeddings[name] = float32(...shape);
    learns.encode = trainedParameters(scope, trained).size > 0;
    return found;
  });
  const names = Object.keys(embeddings);

  const stepInputs = { z: latents, step: float32(generator.steps[0]!.length), ...embeddings };
  const step = (scope: Scope, { z, step, ...given }: Tensors) =>
    generator.step(tunedNetworks(scope, trained), { z: z!, step: step! }, given);
  program.entry('step', stepInputs, (inputs, scope) => {
    const z = step(scope, inputs);
    learns.step = trainedParameters(scope, trained).size > 0;
    return { z };
  });
  // Infinity times zero is none.
  const kept = (sum: Tensor, keep: Tensor) =>
    scales ? select(keep.greater(0), sum, tf.zerosLike(sum)) : sum.mul(keep);
  const vjpInputs: Record<string, TensorSpec> = {
    ...stepInputs,
    dz: latents,
    ...(learns.step ? { keep: float32() } : {}),
    ...(learns.step ? scaleInput : {}),
  };
  program.entry(
    'stepVjp',
    vjpInputs,
    ({ dz, keep, scale, ...inputs }: Tensors, scope) => {
      let parameters: string[] = [];
      const { value, gradients } = vectorJacobianProduct(
        () => step(scope, inputs),
        () => {
          const found = trainedParameters(scope, trained);
          parameters = [...found.keys()];
          return [inputs['z']!, ...(learns.encode ? names.map((name) => inputs[name]!) : []), ...found.values()];
        },
        dz,
      );
      const outputs: Tensors = { z: value, dz: gradients.shift()! };
      if (learns.encode) for (const name of names) outputs[gradientOf(name)] = gradients.shift()!;
      for (const name of parameters)
        scope.assign(
          `state/gradient/${name}`,
          kept(scope.state('gradient', name), keep!).add(unscaled(gradients.shift()!, scale)),
        );
      return outputs;
    },
    { late: ['dz', 'keep', 'scale'] },
  );

  program.entry(
    'score',
    { z: latents, ...scaleInput, ...generator.scoreInputs.specs },
    ({ z, scale, ...inputs }: Tensors, scope) => {
      let scores: Tensors = {};
      let loss: Tensor;
      const { gradients } = vectorJacobianProduct(
        () => {
          scores = generator.score({ parameters: (network) => scope.parameters(network) }, z!, inputs);
          for (const score of Object.values(scores)) tf.keep(score);
          loss = tf.keep(weightedSum(generator.rewards, scores).mean().neg());
          return scale ? loss.mul(scale) : loss;
        },
        () => [z!],
      );
      const named = Object.entries(scores).map(([name, score]) => [scoresOf(name), score]);
      return { loss: loss!, dz: gradients[0]!, ...(Object.fromEntries(named) as Tensors) };
    },
  );

  for (const network of trained) requireParameters(program, network, generator);
  const gradientInputs = Object.fromEntries(names.map((name) => [gradientOf(name), embeddings[name]!]));
  const backwardInputs = {
    ...(learns.encode ? { ...generator.encodeInputs.specs, ...gradientInputs } : {}),
    ...scaleInput,
  };
  /** dL/d(phi) of encode's parameters by full name, the pull included, and how far the embeddings have moved. */
  const backward = (
    { scale, ...inputs }: Tensors,
    scope: Scope,
  ): { drift?: Tensor; gradients: Map<string, Tensor> } => {
    if (!learns.encode) return { gradients: new Map() };
    const original = generator.encode(originalNetworks(scope, trained), inputs);
    let drift: Tensor | undefined;
    let parameters: string[] = [];
    const { gradients } = vectorJacobianProduct(
      () => {
        const now = generator.encode(tunedNetworks(scope, trained), inputs);
        drift = tf.keep(flat(now).sub(flat(original)).square().mean());
        const along = names.map((name) => now[name]!.mul(inputs[gradientOf(name)]!).sum());
        const pull = drift.mul(embeddingPull);
        return tf.addN(along).add(scale ? pull.mul(scale) : pull);
      },
      () => {
        const found = trainedParameters(scope, trained);
        parameters = [...found.keys()];
        return [...found.values()];
      },
    );
    return { drift: drift!, gradients: new Map(parameters.map((name, i) => [name, unscaled(gradients[i]!, scale)])) };
  };

  program.entry('gradients', backwardInputs, (inputs: Tensors, scope) =>
    Object.fromEntries(backward(inputs, scope).gradients),
  );

  if (optimizer) {
    const numbers = Object.fromEntries(trained.map(({ name }) => [numbersOf(name), UPDATE_NUMBERS]));
    program.entry('update', { ...backwardInputs, ...numbers }, (inputs: Tensors, scope) => {
      const { drift, gradients } = backward(inputs, scope);
      for (const name of program.parameters('state/gradient').keys()) {
        const [ofSteps, ofEncode] = [scope.state('gradient', name), gradients.get(name)];
        gradients.set(name, ofEncode ? ofEncode.add(ofSteps) : ofSteps);
      }
      if (weightPull > 0)
        for (const [name, gradient] of gradients)
          gradients.set(
            name,
            gradient.add(
              scope
                .value(name)
                .sub(scope.state('original', name))
                .mul(2 * weightPull),
            ),
          );
      const finite = scales ? globalNorm([...gradients.values()]).isFinite() : undefined;
      const norms = trained.map((network) => {
        const group = `${trainedGroup(network)}/`;
        const own = [...gradients].flatMap(([name, gradient]) =>
          name.startsWith(group) ? [[name.slice(group.length), gradient] as const] : [],
        );
        return [
          network.name,
          adamW(scope, trainedGroup(network), new Map(own), inputs[numbersOf(network.name)]!, optimizer, finite),
        ] as const;
      });
      return {
        ...(drift ? { drift } : {}),
        ...(finite ? { finite: finite.toFloat() } : {}),
        ...(Object.fromEntries(norms) as Tensors),
      };
    });
    program.entry('deltaNorm', {}, (_inputs, scope) => {
      // Only the names are new here: all that is trained was recorded above.
      const norm = (network: TrainedNetwork) =>
        globalNorm(changes(scope, network, [...program.parameters(trainedGroup(network)).keys()]));
      return Object.fromEntries(trained.map((network) => [network.name, norm(network)]));
    });
  }
  if (averageDecay !== undefined)
    program.entry('average', { decay: float32() }, ({ decay }, scope) => {
      for (const group of trained.map(trainedGroup))
        for (const name of program.parameters(group).keys()) {
          const average = scope.state('ema', `${group}/${name}`);
          scope.assign(
            `state/ema/${group}/${name}`,
            average.mul(decay).add(scope.value(`${group}/${name}`).mul(tf.sub(1, decay))),
          );
        }
      return {};
    });
  generator.record?.(program);
  program.compile();
  for (const [name, { weights, source }] of Object.entries(generator.networks)) program.load(name, weights, source);
  for (const network of trained) loadStart(program, network, generator, settings.seed ?? 0);
  return { program, learns, scales };
}

/** All the embeddings' values in a row. */
const flat = (embeddings: Tensors): Tensor => tf.concat(Object.values(embeddings).map((t) => t.reshape([-1])));
