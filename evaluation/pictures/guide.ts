import { InputError } from '../../common/errors.ts';
import { parse } from '../../world/scenes/grammar.ts';
import { hiddenCells, hide, silhouette } from '../../world/scenes/guides.ts';
import { pictureSize, render } from '../../world/scenes/renderer.ts';
import { attributeNames, type Scene } from '../../world/scenes/scene.ts';
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
 * prompt of the shapes world masks the object in the picture that it describes; any other masks all of it.
 * `silhouette`: the place of the object of a shapes prompt, as a control image.
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
  const size = unet.sample_size * vaeScale(vae);
  const scenes = prompts.map((prompt) => (size === pictureSize ? fullScene(prompt) : undefined));
  if (kind === 'silhouette')
    return scenes.map((scene, i) => {
      if (!scene)
        throw new InputError(
          `The prompt "${prompts[i]}" gives no silhouette: it must state a shape, a size and a position of the shapes world.`,
        );
      return silhouette(scene);
    });
  const cells = unet.sample_size ** 2;
  const masks = scenes.map((scene) => (scene ? hiddenCells(scene) : new Float32Array(cells).fill(1)));
  const pictures = scenes.map((scene, i) =>
    scene ? hide(render(scene), masks[i]!) : new Float32Array(size * size * 3).fill(0.5),
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

function fullScene(prompt: string): Scene | undefined {
  const said = parse(prompt);
  return said && attributeNames.every((name) => said[name] !== undefined) ? (said as Scene) : undefined;
}
