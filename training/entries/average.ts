import { float32 } from '../../engine/program/program.ts';
import { tf } from '../../engine/tensorflow.ts';
import { trainedGroup } from '../generator/trained-networks.ts';
import type { Recording } from './entries.ts';

/**
 * Records `average`: updates the trained parameters' moving average, a' = decay a + (1 - decay) phi, in `state/ema/…`.
 */
export function recordAverage({ program, trained }: Recording): void {
  program.entry('average', { decay: float32() }, ({ decay }, scope) => {
    for (const group of trained.map(trainedGroup))
      for (const parameter of program.parameters(group).keys()) {
        const name = `${group}/${parameter}`;
        const next = scope
          .state('ema', name)
          .mul(decay)
          .add(scope.value(name).mul(tf.sub(1, decay)));
        scope.assign(`state/ema/${name}`, next);
      }
    return {};
  });
}
