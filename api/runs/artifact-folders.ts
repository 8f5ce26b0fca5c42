import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { TEXT_ENCODER_FILE, UNET_FILE } from '../../models/folder/weight-names.ts';
import type { Home } from '../../pipeline/runs/home.ts';
import type { Run } from '../../pipeline/runs/runs.ts';
import { ArtifactStore } from '../../pipeline/store/artifact-store.ts';

/** The folders of a run's artifacts, by stage. */
export function artifactFolders(home: Home, run: Run): Partial<Record<string, string>> {
  const store = new ArtifactStore(home.artifacts);
  const made = run.stages.flatMap(({ name, artifact }) =>
    artifact ? [[name, store.folder(artifact.sha256)] as const] : [],
  );
  return Object.fromEntries(made.filter(([, folder]) => existsSync(folder)));
}

/** The UNet of a training step: of the stage after the encoder's, or of the encoder's where both were tuned at once. */
export function unetPath(folders: Partial<Record<string, string>>, step: number | undefined): string | null {
  const folder = folders['tune-unet'] ?? folders['tune-encoder'];
  if (folder === undefined || step === undefined) return null;
  return join(folder, 'unet', stepFolder(step), UNET_FILE);
}

const stepFolder = (step: number) => `step-${String(step).padStart(6, '0')}`;

/** The encoder of a training step; null for step 0, which is the original. */
export function stepPath(folder: string | undefined, step: number): string | null {
  if (folder === undefined || step === 0) return null;
  return join(folder, 'encoder', stepFolder(step), TEXT_ENCODER_FILE);
}
