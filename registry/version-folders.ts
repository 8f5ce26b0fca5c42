import { join } from 'node:path';
import { RunError } from '../common/errors.ts';
import { REGISTERED } from '../evaluation/evaluation-names.ts';
import type { Home } from '../pipeline/runs/home.ts';
import { ArtifactStore } from '../pipeline/store/artifact-store.ts';
import type { Champion } from '../pipeline/config/sections/registry-settings.ts';
import type { EncoderVersion } from './version.ts';

/** Folders of a version's networks, in transformers' and diffusers' layouts. */
export interface VersionFolders {
  encoder: string;
  /** Present if a UNet was tuned with it. */
  unet?: string;
  /** Exported encoder, if any. */
  exported?: string;
}

/** Returns a version as the section `champion` of a configuration, which the evaluation compares the new encoder with. */
export async function asChampion(home: Home, version: EncoderVersion): Promise<Champion> {
  return { version: version.version, ...(await versionFolders(home, version)), blend: version.encoder.blend };
}

/** Verifies every byte of a version and returns its folders. @throws RunError when its artifact is missing or damaged */
export async function versionFolders(
  home: Home,
  { name, version, artifact, unet, exported }: EncoderVersion,
): Promise<VersionFolders> {
  const store = new ArtifactStore(home.artifacts);
  const folder = store.folder(artifact.sha256);
  const damage = await store.damage(artifact.sha256);
  if (damage === undefined)
    return {
      encoder: join(folder, REGISTERED.encoder),
      ...(unet ? { unet: join(folder, REGISTERED.unet) } : {}),
      ...(exported ? { exported: join(folder, REGISTERED.exported) } : {}),
    };
  if (!(await store.has(artifact.sha256)))
    throw new RunError(
      `${name}@${version} is registered, but its artifact ${artifact.sha256.slice(0, 12)} is no longer in ${home.artifacts}.`,
    );
  throw new RunError(`${name}@${version} cannot be used: its artifact ${artifact.sha256.slice(0, 12)} ${damage}.`);
}
