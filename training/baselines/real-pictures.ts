import { InputError } from '../../common/errors.ts';
import { decodePng } from '../../common/pictures/png.ts';
import { RandomStream } from '../../common/random.ts';
import type { KnownWorld } from '../../world/known/known-world.ts';
import { knownWorld } from '../../world/known/known-worlds.ts';
import { isWorldName, worldTitles } from '../../world/scenes/common/world-names.ts';
import { float32, Program } from '../../engine/program/program.ts';
import { tf } from '../../engine/tensorflow.ts';
import type { LoadedPipeline } from '../../models/folder/pipeline-folder.ts';
import { vaeEncode, vaeScale, vaeScalingFactor } from '../../models/vae/vae.ts';
import { Rollout } from '../rollout/rollout-samples.ts';
import { pictureList, readPicture, requireSquare } from './picture-list.ts';

/** A picture and its caption. */
export interface CaptionedPicture {
  prompt: string;
  /** [size, size, 3] in [0, 1] */
  pixels: Float32Array;
  size: number;
}

/**
 * Returns real pictures to tune on.
 * @param source an embedded world, which renders each prompt; or a folder with metadata.jsonl, whose order is kept
 */
export async function picturesOf(
  source: string,
  prompts: readonly { prompt: string }[],
  count: number,
  seed: number,
): Promise<CaptionedPicture[]> {
  return isWorldName(source)
    ? prompts.map(({ prompt }, i) => rendered(knownWorld(source), prompt, seed, i))
    : folderPictures(source, count);
}

function rendered(world: KnownWorld, prompt: string, seed: number, index: number): CaptionedPicture {
  const pixels = world.render(prompt, new RandomStream(seed, 'real picture', index));
  if (!pixels)
    throw new InputError(
      `"${prompt}" is not a prompt of ${worldTitles[world.name]}, so it cannot be rendered. Set baselines.direct.pictures to a folder of your pictures.`,
    );
  return { prompt, pixels, size: world.side };
}

async function folderPictures(folder: string, count: number): Promise<CaptionedPicture[]> {
  return Promise.all(
    (await pictureList(folder, count)).map(async ({ path, prompt }) => {
      const { width, height, pixels } = decodePng(await readPicture(path), path);
      requireSquare(path, width, height);
      return { prompt, pixels, size: width };
    }),
  );
}

const BATCH = 16;

/**
 * Encodes pictures into a rollout of their latents (posterior means).
 * @throws InputError if a picture's size is not the model's
 */
export function realLatents(
  pictures: readonly CaptionedPicture[],
  { config, weights, folder }: LoadedPipeline,
): Rollout {
  const { sample_size: side } = config.unet;
  const size = side * vaeScale(config.vae);
  const wrong = pictures.find((picture) => picture.size !== size);
  if (wrong)
    throw new InputError(
      `The picture of "${wrong.prompt}" is ${wrong.size} pixels wide; the model's are ${size}. Resize it.`,
    );
  const program = new Program();
  program.entry('encode', { image: float32(BATCH, size, size, 3) }, ({ image }, scope) => ({
    z: vaeEncode(scope.parameters('vae'), config.vae, image.mul(2).sub(1)).mean.mul(vaeScalingFactor(config.vae)),
  }));
  program.compile();
  program.load('vae', weights.vae, `${folder}/vae`);
  const shape: [number, number, number] = [side, side, config.vae.latent_channels];
  const values = shape[0] * shape[1] * shape[2];
  const latents = new Float32Array(pictures.length * values);
  for (let first = 0; first < pictures.length; first += BATCH) {
    const part = Array.from({ length: BATCH }, (_, i) => pictures[Math.min(first + i, pictures.length - 1)]!);
    const image = tf.stack(part.map(({ pixels }) => tf.tensor3d(pixels, [size, size, 3])));
    const { z } = program.run('encode', { image });
    latents.set(z!.dataSync().subarray(0, Math.min(BATCH, pictures.length - first) * values), first * values);
    tf.dispose([image, z!]);
  }
  program.dispose();
  return new Rollout({
    shape,
    latents,
    samples: pictures.map(({ prompt }, i) => ({ id: String(i), prompt, sample: 0 })),
  });
}
