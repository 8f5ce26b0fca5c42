import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { RunError } from '../../common/errors.ts';
import type { Home } from '../home.ts';
import { ArtifactStore } from '../store.ts';
import type { EncoderVersion } from './version.ts';

/** The folder of a version's encoder, in transformers' layout. @throws RunError when its artifact is gone */
export function encoderFolder(home: Home, { name, version, artifact }: EncoderVersion): string {
  const folder = join(new ArtifactStore(home.artifacts).folder(artifact.sha256), 'encoder');
  if (existsSync(folder)) return folder;
  throw new RunError(
    `${name}@${version} is registered, but its artifact ${artifact.sha256.slice(0, 12)} is not in ${home.artifacts} any more.`,
  );
}
