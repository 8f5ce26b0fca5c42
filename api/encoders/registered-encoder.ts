import { join } from 'node:path';
import { TEXT_ENCODER_FILE, UNET_FILE } from '../../models/folder/weight-names.ts';
import type { Home } from '../../pipeline/runs/home.ts';
import { versionFolders } from '../../registry/version-folders.ts';
import { resolveVersion } from '../../registry/reference.ts';
import { Registry } from '../../registry/versions.ts';
import type { JudgedEncoder } from './judged-encoder.ts';

/**
 * Reads a registered encoder.
 * @param reference such as `production` or `tiny@3`
 * @example
 * ```ts
 * import { encoderOfVersion } from './api/encoders/registered-encoder.ts';
 * import { Home } from './pipeline/runs/home.ts';
 *
 * const { chosen } = await encoderOfVersion(new Home('.textcraftor'), 'tiny@3');
 * console.log(chosen.textEncoder);
 * ```
 */
export async function encoderOfVersion(home: Home, reference: string): Promise<JudgedEncoder> {
  const version = await resolveVersion(new Registry(home), reference);
  const { name, encoder, exported, model, measured, comparisons } = version;
  const folders = await versionFolders(home, version);
  const unet = version.unet && folders.unet ? { unet: join(folders.unet, UNET_FILE), unetStep: version.unet.step } : {};
  const { step, blend } = encoder;
  return {
    label: `${name}@${version.version}`,
    ...(model === undefined ? {} : { model }),
    chosen: { textEncoder: join(folders.encoder, TEXT_ENCODER_FILE), step, blend, ...unet },
    ...(exported && folders.exported
      ? {
          exported: {
            textEncoder: join(folders.exported, TEXT_ENCODER_FILE),
            step: exported.step,
            weight: exported.weight,
            ...unet,
          },
        }
      : {}),
    comparisons,
    ...(measured ? { measured } : {}),
  };
}
