import { InputError } from '../../common/errors.ts';
import type { PipelineParts } from '../../models/folder/pipeline-folder.ts';
import { vaeScale } from '../../models/vae/vae-config.ts';
import type { GuideKind } from '../evaluation-names.ts';

/** Checks that the UNet takes as many channels beside the latents as the guide has. @throws InputError */
export function requireGuide(kind: GuideKind, { unet, vae }: Pick<PipelineParts['config'], 'unet' | 'vae'>): void {
  const channels = unet.in_channels - vae.latent_channels;
  const expected = { none: 0, inpainting: 1 + vae.latent_channels, silhouette: vaeScale(vae) ** 2 }[kind];
  if (channels !== expected)
    throw new InputError(
      `The UNet takes ${channels} channels beside the latents; ${kind === 'none' ? 'without a guide' : `the guide "${kind}"`} has ${expected}.`,
    );
}
