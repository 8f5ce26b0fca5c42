import { InputError } from '../../common/errors.ts';
import { worldOfSide } from '../../world/known/known-worlds.ts';
import { LatentGuides } from '../../world/scenes/common/latent-guides.ts';
import { worldTitles } from '../../world/scenes/common/world-names.ts';
import type { LoadedPipeline } from '../../models/folder/pipeline-folder.ts';
import { encodeImages } from '../../models/vae/vae-encoder.ts';
import { vaeScale } from '../../models/vae/vae.ts';
import { requireGuide } from './guide-channels.ts';
import type { GuideKind } from '../evaluation-names.ts';

export type { GuideKind };

/**
 * Returns the UNet's additional input beside the noisy latents for each prompt; undefined for a UNet that takes none.
 *
 * `inpainting`, in diffusers' order: a mask, then the latents of the picture with its masked part gray. A
 * prompt that names all attributes of a known world's picture masks the object in it; any other masks all of it.
 * `silhouette`: the place of the object of a world's prompt, as a control image.
 *
 * @returns by prompt, [h, w, channels]
 * @throws InputError if the UNet takes other channels, or if a prompt does not describe the silhouette asked for
 */
export function guidesOf(
  kind: GuideKind,
  pipeline: LoadedPipeline,
  prompts: readonly string[],
): Float32Array[] | undefined {
  const { unet, vae } = pipeline.config;
  requireGuide(kind, pipeline.config);
  if (kind === 'none') return undefined;
  const cell = vaeScale(vae);
  const size = unet.sample_size * cell;
  const world = worldOfSide(size);
  const guides = new LatentGuides(size, cell);
  if (kind === 'silhouette')
    return prompts.map((prompt) => {
      const coverage = world?.coverage(prompt);
      if (!coverage)
        throw new InputError(
          `The prompt "${prompt}" gives no silhouette: it must state a shape, a size and a position of ${worldTitles[world!.name]}.`,
        );
      return guides.silhouette(coverage);
    });
  const described = prompts.map((prompt) => {
    const [picture, coverage] = [world?.render(prompt), world?.coverage(prompt)];
    return picture && coverage ? { picture, mask: guides.hiddenCells(coverage) } : undefined;
  });
  const masks = described.map((known) => known?.mask ?? new Float32Array(unet.sample_size ** 2).fill(1));
  const pictures = described.map((known) =>
    known ? guides.hide(known.picture, known.mask) : new Float32Array(size * size * 3).fill(0.5),
  );
  return encodeImages(pipeline, pictures, size).map((latents, i) => inpaintingChannels(masks[i]!, latents));
}

/** The mask in front of each cell's latents. */
function inpaintingChannels(mask: Float32Array, latents: Float32Array): Float32Array {
  const channels = latents.length / mask.length;
  const guide = new Float32Array(mask.length * (1 + channels));
  mask.forEach((hidden, cell) => {
    guide[cell * (1 + channels)] = hidden;
    guide.set(latents.subarray(cell * channels, (cell + 1) * channels), cell * (1 + channels) + 1);
  });
  return guide;
}
