import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { RunError } from '../../common/errors.ts';
import type { Home } from '../home.ts';
import { ArtifactStore } from '../store.ts';
import type { Champion } from './settings.ts';
import type { EncoderVersion } from './version.ts';

/** Folders of a version's networks, in the layouts of transformers and diffusers. */
export interface VersionFolders {
  encoder: string;
  /** Where a UNet was tuned with it. */
  unet?: string;
  /** What is handed out of it, where something is. */
  exported?: string;
}

/** A version as the section `champion` of a configuration, with which the evaluation compares what comes out. */
export function asChampion(home: Home, version: EncoderVersion): Champion {
  return { version: version.version, ...versionFolders(home, version), blend: version.encoder.blend };
}

/** @throws RunError when the version's artifact is gone */
export function versionFolders(
  home: Home,
  { name, version, artifact, unet, exported }: EncoderVersion,
): VersionFolders {
  const folder = new ArtifactStore(home.artifacts).folder(artifact.sha256);
  if (existsSync(folder))
    return {
      encoder: join(folder, 'encoder'),
      ...(unet ? { unet: join(folder, 'unet') } : {}),
      ...(exported ? { exported: join(folder, 'exported') } : {}),
    };
  throw new RunError(
    `${name}@${version} is registered, but its artifact ${artifact.sha256.slice(0, 12)} is not in ${home.artifacts} any more.`,
  );
}
