import { InputError } from '../../common/errors.ts';
import type { Program, Scope } from '../../engine/program/program.ts';
import { tf, type Tensor } from '../../engine/tensorflow.ts';
import { adaptersOf, LORA_A, LORA_B, mergeLora, type Adapter, type LoraSettings } from '../../models/lora/lora.ts';
import { withLora } from '../../models/lora/with-lora.ts';
import type { Weights } from '../../engine/weights/weights.ts';
import type { Generator, Networks } from './generator.ts';
import { initialize } from './initialize.ts';

/** A network in training: all of its parameters, or low-rank adapters for it. */
export interface TrainedNetwork {
  /** Its name in the generator. */
  name: string;
  learningRate: number;
  lora?: LoraSettings | undefined;
}

/** Returns the group of variables that holds a network's trained parameters. */
export const trainedGroup = ({ name, lora }: TrainedNetwork): string => (lora ? `${name}.lora` : name);
/** Returns the group that holds the original network. If adapters are trained, that is the network itself. */
const originalGroup = ({ name, lora }: TrainedNetwork): string => (lora ? name : `state/original/${name}`);

/** Returns the networks in their current state. */
export function tunedNetworks(scope: Scope, trained: readonly TrainedNetwork[]): Networks {
  const adapted = new Map(trained.flatMap((network) => (network.lora ? [[network.name, network] as const] : [])));
  return {
    parameters(name) {
      const network = adapted.get(name);
      const base = scope.parameters(name);
      return network ? withLora(base, scope.parameters(trainedGroup(network)), network.lora!) : base;
    },
  };
}

/** Returns the networks as they were before training. */
export function originalNetworks(scope: Scope, trained: readonly TrainedNetwork[]): Networks {
  const before = new Map(trained.map((network) => [network.name, originalGroup(network)]));
  return { parameters: (network) => scope.parameters(before.get(network) ?? network) };
}

/** Returns the trained parameters that an entry point has used so far, by full name (`group/name`). */
export function trainedParameters(scope: Scope, trained: readonly TrainedNetwork[]): Map<string, Tensor> {
  return new Map(
    trained
      .map(trainedGroup)
      .flatMap((group) => [...scope.used(group)].map(([name, tensor]) => [`${group}/${name}`, tensor] as const)),
  );
}

/** Returns the change of each parameter since the start. @param names all trained parameters of the network */
export function changes(scope: Scope, network: TrainedNetwork, names: readonly string[]): Tensor[] {
  const group = trainedGroup(network);
  const value = (name: string) => scope.value(`${group}/${name}`);
  const { lora } = network;
  if (!lora) return names.map((name) => value(name).sub(scope.state('original', `${group}/${name}`)));
  const ends = names.filter((name) => name.endsWith(LORA_A));
  return ends.map((name) =>
    tf.matMul(value(name) as never, value(name.slice(0, -LORA_A.length) + LORA_B) as never).mul(lora.alpha / lora.rank),
  );
}

/**
 * @throws InputError if the network has nothing to train: no layer gets an adapter, or the generator does not use it
 */
export function requireParameters(program: Program, network: TrainedNetwork, generator: Generator): void {
  if (program.parameters(trainedGroup(network)).size > 0) return;
  const { source } = generator.networks[network.name]!;
  throw new InputError(
    network.lora
      ? `No linear layer of ${source} has a name listed in lora.targets: ${network.lora.targets.join(', ')}.`
      : `${source} cannot be trained: no function of the generator reads it.`,
  );
}

/**
 * Sets the trained parameters to their start: the original network, or adapters that add nothing (A random, B zero).
 */
export function loadStart(program: Program, network: TrainedNetwork, generator: Generator, seed: number): void {
  const { weights, source } = generator.networks[network.name]!;
  const group = trainedGroup(network);
  if (network.lora) program.load(group, initialize(program.parameters(group), seed, /lora_B/));
  else program.load(originalGroup(network), weights, source);
}

/** A tuned network, and its adapters if those were trained. */
export interface TunedNetwork {
  weights: Weights;
  adapters?: Map<string, Adapter>;
}

/** Returns a tuned network. @param values of the trained group, or its moving average */
export function tunedNetwork(network: TrainedNetwork, values: Weights, generator: Generator): TunedNetwork {
  if (!network.lora) return { weights: values };
  const adapters = adaptersOf(values, network.lora);
  return { weights: mergeLora(generator.networks[network.name]!.weights, adapters, 'The trained LoRA'), adapters };
}
