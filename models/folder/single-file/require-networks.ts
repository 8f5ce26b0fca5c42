import { InputError } from '../../../common/errors.ts';
import type { Weights } from '../../../engine/weights/weight.ts';
import { clipTextTensors } from '../../clip/clip-tensors.ts';
import type { PipelineParts } from '../pipeline-folder.ts';
import { unetTensors } from '../../unet/unet-tensors.ts';
import { vaeDecoderTensors, vaeEncoderTensors } from '../../vae/vae-tensors.ts';

type Part = keyof PipelineParts['weights'];
type Shapes = ReadonlyMap<string, readonly number[]>;

/** Returns the tensors of a pipeline according to its configuration: names, and shapes in the file's layout. */
export function pipelineTensors({ textEncoder, unet, vae }: PipelineParts['config']): Record<Part, Shapes> {
  return {
    textEncoder: new Map(clipTextTensors(textEncoder)),
    unet: new Map(unetTensors(unet)),
    vae: new Map([...vaeDecoderTensors(vae), ...vaeEncoderTensors(vae)]),
  };
}

/** Number of tensors of each kind that a message lists. */
const SHOWN = 3;
const PARTS: Readonly<Record<Part, string>> = { textEncoder: 'text encoder', unet: 'UNet', vae: 'VAE' };

/**
 * Checks that weights have exactly the tensors of a configuration's networks, in their shapes.
 * @param source the file, for messages
 * @throws InputError that lists some of the tensors that are missing, of another shape, or unknown
 */
export function requireNetworks(source: string, { config, weights }: PipelineParts): void {
  const expected = pipelineTensors(config);
  for (const part of Object.keys(PARTS) as Part[]) {
    const problems = differences(weights[part], expected[part]);
    if (problems.length > 0)
      throw new InputError(`The ${PARTS[part]} in ${source} does not fit its configuration: ${problems.join('; ')}.`);
  }
}

function differences(weights: Weights, expected: Shapes): string[] {
  const text = (shape: readonly number[]) => `[${shape.join(', ')}]`;
  const missing = [...expected.keys()].filter((name) => !weights.has(name));
  const other = [...expected].flatMap(([name, shape]) => {
    const found = weights.get(name)?.shape;
    return found === undefined || String(found) === String(shape)
      ? []
      : [`${name} ${text(found)} instead of ${text(shape)}`];
  });
  const unknown = [...weights.keys()].filter((name) => !expected.has(name));
  return [
    list('missing', missing, expected.size),
    list('of another shape', other, expected.size),
    list('unknown', unknown, weights.size),
  ].flat();
}

function list(kind: string, names: readonly string[], of: number): string[] {
  if (names.length === 0) return [];
  const more = names.length > SHOWN ? ', …' : '';
  return [`${names.length} of ${of} tensors are ${kind} (${names.slice(0, SHOWN).join(', ')}${more})`];
}
