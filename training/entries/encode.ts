import { float32, type TensorSpec } from '../../engine/program/program.ts';
import { trainedParameters, tunedNetworks } from '../generator/trained-networks.ts';
import type { Recording } from './entries.ts';

/** The embeddings c = E_phi(p) as inputs of other entry points, and whether a network that makes them is trained. */
export interface Encoded {
  specs: Record<string, TensorSpec>;
  learns: boolean;
}

/** Records `encode`: prompts -> embeddings, under the current networks. */
export function recordEncode({ program, generator, trained }: Recording): Encoded {
  const encoded: Encoded = { specs: {}, learns: false };
  program.entry('encode', generator.encodeInputs.specs, (inputs, scope) => {
    const c = generator.encode(tunedNetworks(scope, trained), inputs);
    for (const [name, { shape }] of Object.entries(c)) encoded.specs[name] = float32(...shape);
    encoded.learns = trainedParameters(scope, trained).size > 0;
    return c;
  });
  return encoded;
}
