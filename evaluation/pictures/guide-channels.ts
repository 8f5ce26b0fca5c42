import { InputError } from '../../common/errors.ts';
import type { PipelineParts } from '../../models/folder/pipeline-folder.ts';
import { vaeScale } from '../../models/vae/vae-config.ts';
import type { KnownWorld } from '../../world/known/known-world.ts';
import { worldOfSide, worldSides } from '../../world/known/known-worlds.ts';
import { worldTitles } from '../../world/scenes/common/world-names.ts';
import type { GuideKind } from '../evaluation-names.ts';

/**
 * Checks that the UNet's pictures have the guide's size, and its input the guide's channels beside the latents.
 * @param source the world that the prompts come from, if it is known
 * @throws InputError
 */
export function requireGuide(
  kind: GuideKind,
  { unet, vae }: Pick<PipelineParts['config'], 'unet' | 'vae'>,
  source?: KnownWorld,
): void {
  const size = unet.sample_size * vaeScale(vae);
  if (kind === 'silhouette' && (source ?? worldOfSide(size))?.side !== size)
    throw new InputError(
      `The guide "silhouette" takes pictures of ${source?.side ?? worldSides} pixels, of ${source ? worldTitles[source.name] : 'an embedded world'}; those of this UNet have ${size}.`,
    );
  const channels = unet.in_channels - vae.latent_channels;
  const expected = { none: 0, inpainting: 1 + vae.latent_channels, silhouette: vaeScale(vae) ** 2 }[kind];
  if (channels !== expected)
    throw new InputError(
      `The UNet takes ${channels} channels beside the latents; ${kind === 'none' ? 'without a guide' : `the guide "${kind}"`} has ${expected}.`,
    );
}
