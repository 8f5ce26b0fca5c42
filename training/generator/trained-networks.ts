import { InputError } from '../../common/errors.ts';
import type { Program, Scope } from '../../engine/program/program.ts';
import { tf, type Tensor } from '../../engine/tensorflow.ts';
import {
  adaptersOf,
  LORA_A,
  LORA_B,
  mergeLora,
  withLora,
  type Adapter,
  type LoraSettings,
} from '../../models/lora/lora.ts';
import type { Weights } from '../../engine/weights/weights.ts';
import type { Generator, Networks } from './generator.ts';
import { initialize } from './initialize.ts';

/** A network that is trained: all of its parameters, or low-rank adapters of it. */
export interface TrainedNetwork {
  /** Its name among the generator's. */
  name: string;
  learningRate: number;
  lora?: LoraSettings | undefined;
}

/** The group of variables that hold what is trained of a network. */
export const trainedGroup = ({ name, lora }: TrainedNetwork): string => (lora ? `${name}.lora` : name);
/** The group that holds what a network was before. Where adapters are trained, that is the network itself. */
const originalGroup = ({ name, lora }: TrainedNetwork): string => (lora ? name : `state/original/${name}`);

/** The networks as they are now. */
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

/** The networks as they were before. */
export function originalNetworks(scope: Scope, trained: readonly TrainedNetwork[]): Networks {
  const before = new Map(trained.map((network) => [network.name, originalGroup(network)]));
  return { parameters: (network) => scope.parameters(before.get(network) ?? network) };
}

/** The trained parameters that an entry point has used so far, by full name (`group/name`). */
export function trainedParameters(scope: Scope, trained: readonly TrainedNetwork[]): Map<string, Tensor> {
  return new Map(
    trained
      .map(trainedGroup)
      .flatMap((group) => [...scope.used(group)].map(([name, tensor]) => [`${group}/${name}`, tensor] as const)),
  );
}

/** How far each parameter of a network is from where it started. @param names of all that is trained of it */
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

/** @throws InputError when there is nothing to train of a network: no layer has an adapter, or nothing uses it */
export function requireParameters(program: Program, network: TrainedNetwork, generator: Generator): void {
  if (program.parameters(trainedGroup(network)).size > 0) return;
  const { source } = generator.networks[network.name]!;
  throw new InputError(
    network.lora
      ? `No linear layer of ${source} has one of the names of lora.targets: ${network.lora.targets.join(', ')}.`
      : `There is nothing to train of ${source}: no function of the generator reads it.`,
  );
}

/** Sets what is trained to where it starts: at the original network, or at adapters that add nothing (A is random, B zero). */
export function loadStart(program: Program, network: TrainedNetwork, generator: Generator, seed: number): void {
  const { weights, source } = generator.networks[network.name]!;
  const group = trainedGroup(network);
  if (network.lora) program.load(group, initialize(program.parameters(group), seed, /lora_B/));
  else program.load(originalGroup(network), weights, source);
}

/** A network with what was trained of it, and the adapters, where those were trained. */
export interface TunedNetwork {
  weights: Weights;
  adapters?: Map<string, Adapter>;
}

/** @param values of the trained group, or its moving average */
export function tunedNetwork(network: TrainedNetwork, values: Weights, generator: Generator): TunedNetwork {
  if (!network.lora) return { weights: values };
  const adapters = adaptersOf(values, network.lora);
  return { weights: mergeLora(generator.networks[network.name]!.weights, adapters, 'The trained LoRA'), adapters };
}
