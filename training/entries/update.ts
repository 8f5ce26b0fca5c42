import type { Scope, Tensors } from '../../engine/program/program.ts';
import type { Tensor } from '../../engine/tensorflow.ts';
import { UPDATE_NUMBERS, adamW, globalNorm, type AdamWOptions } from '../optimizer/adamw.ts';
import { changes, trainedGroup } from '../generator/trained-networks.ts';
import { numbersOf, type Recording } from './entries.ts';
import type { EncodeProduct } from './gradients.ts';

/**
 * Records `update`: takes an AdamW step of all trained parameters from dL/dc and the sums in `state/gradient/…`, and
 * returns the norm of each network's gradient. If the loss is scaled, gradients that are not finite change nothing, and
 * the output `finite` is false.
 * @param weightPull weight of |phi - phi_original|^2 in the loss
 */
export function recordUpdate(
  { program, trained, scale }: Recording,
  product: EncodeProduct,
  optimizer: AdamWOptions,
  weightPull: number,
): void {
  const numbers = Object.fromEntries(trained.map(({ name }) => [numbersOf(name), UPDATE_NUMBERS]));
  program.entry('update', { ...product.specs, ...numbers }, (inputs: Tensors, scope) => {
    const { drift, gradients } = product.of(inputs, scope);
    for (const name of program.parameters('state/gradient').keys()) {
      const [ofSteps, ofEncode] = [scope.state('gradient', name), gradients.get(name)];
      gradients.set(name, ofEncode ? ofEncode.add(ofSteps) : ofSteps);
    }
    if (weightPull > 0)
      for (const [name, gradient] of gradients) gradients.set(name, gradient.add(pullOf(scope, name, weightPull)));
    const finite = 'scale' in scale ? globalNorm([...gradients.values()]).isFinite() : undefined;
    const norms = trained.map((network) => {
      const group = trainedGroup(network);
      const own = [...gradients].flatMap(([name, gradient]) =>
        name.startsWith(`${group}/`) ? [[name.slice(group.length + 1), gradient] as const] : [],
      );
      return [network.name, adamW(scope, group, new Map(own), inputs[numbersOf(network.name)]!, optimizer, finite)];
    });
    return {
      ...(drift ? { drift } : {}),
      ...(finite ? { finite: finite.toFloat() } : {}),
      ...(Object.fromEntries(norms) as Tensors),
    };
  });
}

/** Computes d(weight |phi - phi_original|^2) / dphi. */
const pullOf = (scope: Scope, name: string, weight: number): Tensor =>
  scope
    .value(name)
    .sub(scope.state('original', name))
    .mul(2 * weight);

/** Records `deltaNorm`: each network's distance from the original one. */
export function recordDeltaNorm({ program, trained }: Recording): void {
  program.entry('deltaNorm', {}, (_inputs, scope) =>
    Object.fromEntries(
      trained.map((network) => {
        // Every trained parameter was recorded before; this only collects their names.
        const names = [...program.parameters(trainedGroup(network)).keys()];
        return [network.name, globalNorm(changes(scope, network, names))];
      }),
    ),
  );
}
