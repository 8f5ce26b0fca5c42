import { InputError } from '../../common/errors.ts';
import { float32, int32, Program } from '../../engine/program/program.ts';
import type { Weights } from '../../engine/weights/weights.ts';
import { clipText } from '../clip/clip-text.ts';
import type { PipelineParts } from './pipeline-folder.ts';
import { unet2dCondition } from '../unet/unet.ts';
import { vaeDecode, vaeEncode, vaeScale } from '../vae/vae.ts';

type Part = keyof PipelineParts['weights'];
type Shapes = ReadonlyMap<string, number[]>;

/** The tensors that the networks of a configuration read, by name, with their shapes. Nothing is computed. */
export function expectedTensors({ textEncoder, unet, vae }: PipelineParts['config']): Record<Part, Shapes> {
  const program = new Program({ kernels: false });
  const context = [unet.cross_attention_dim].flat()[0]!;
  const side = 2 ** unet.block_out_channels.length;
  program.entry('text', { ids: int32(1, 2) }, ({ ids }, scope) => ({
    hidden: clipText(scope.parameters('textEncoder'), textEncoder, ids).hidden,
  }));
  const inputs = { sample: float32(1, side, side, unet.in_channels), t: float32(1), context: float32(1, 2, context) };
  program.entry('unet', inputs, ({ sample, t, context }, scope) => ({
    output: unet2dCondition(scope.parameters('unet'), unet, { sample, timestep: t, context }),
  }));
  program.entry('decode', { z: float32(1, 2, 2, vae.latent_channels) }, ({ z }, scope) => ({
    picture: vaeDecode(scope.parameters('vae'), vae, z),
  }));
  const pixels = 2 * vaeScale(vae);
  program.entry('encode', { picture: float32(1, pixels, pixels, vae.in_channels) }, ({ picture }, scope) => ({
    mean: vaeEncode(scope.parameters('vae'), vae, picture).mean,
  }));
  const shapes = (part: Part): Shapes => program.parameters(part);
  return { textEncoder: shapes('textEncoder'), unet: shapes('unet'), vae: shapes('vae') };
}

/** Of each kind that a message lists. */
const SHOWN = 3;
const PARTS: Readonly<Record<Part, string>> = { textEncoder: 'text encoder', unet: 'UNet', vae: 'VAE' };

/**
 * Makes sure that weights are those of a configuration's networks: every tensor is there in its shape, and no other.
 * @param source the file, for messages
 * @throws InputError that lists some of the tensors that are missing, of another shape, or not understood
 */
export function requireNetworks(source: string, { config, weights }: PipelineParts): void {
  const expected = expectedTensors(config);
  for (const part of Object.keys(PARTS) as Part[]) {
    const problems = differences(weights[part], expected[part]);
    if (problems.length > 0)
      throw new InputError(
        `The ${PARTS[part]} in ${source} is not what its configuration says: ${problems.join('; ')}.`,
      );
  }
}

function differences(weights: Weights, expected: Shapes): string[] {
  const text = (shape: readonly number[]) => `[${shape.join(', ')}]`;
  const missing = [...expected.keys()].filter((name) => !weights.has(name));
  const other = [...expected].flatMap(([name, shape]) => {
    const found = weights.get(name)?.shape;
    return found === undefined || String(found) === String(shape) ? [] : [`${name} ${text(found)} for ${text(shape)}`];
  });
  const unknown = [...weights.keys()].filter((name) => !expected.has(name));
  return [
    list('missing', missing, expected.size),
    list('of another shape', other, expected.size),
    list('not understood', unknown, weights.size),
  ].flat();
}

function list(kind: string, names: readonly string[], of: number): string[] {
  if (names.length === 0) return [];
  const more = names.length > SHOWN ? ', …' : '';
  return [`${names.length} of ${of} tensors are ${kind} (${names.slice(0, SHOWN).join(', ')}${more})`];
}
