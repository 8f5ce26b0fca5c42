import type { Scope } from '../engine/program.ts';
import type { Tensor } from '../engine/tensorflow.ts';
import type { Networks } from './generator.ts';

/** A network that is trained. */
export interface TrainedNetwork {
  /** Its name among the generator's. */
  name: string;
  learningRate: number;
}

/** The group of variables that hold what is trained of a network. */
export const trainedGroup = ({ name }: TrainedNetwork): string => name;
/** The group that holds what a network was before, where that is kept. */
export const originalGroup = ({ name }: TrainedNetwork): string => `state/original/${name}`;

/** The networks as they are now. */
export function tunedNetworks(scope: Scope): Networks {
  return { parameters: (network) => scope.parameters(network) };
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

/** How far each parameter of a network is from where it started. */
export function changes(scope: Scope, network: TrainedNetwork, names: readonly string[]): Tensor[] {
  const group = trainedGroup(network);
  return names.map((name) => scope.value(`${group}/${name}`).sub(scope.state('original', `${group}/${name}`)));
}
