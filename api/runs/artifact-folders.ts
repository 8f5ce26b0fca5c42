import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { RunError } from '../../common/errors.ts';
import { TEXT_ENCODER_FILE, UNET_FILE } from '../../models/folder/weight-names.ts';
import type { Home } from '../../pipeline/runs/home.ts';
import type { Run } from '../../pipeline/runs/runs.ts';
import { ArtifactStore } from '../../pipeline/store/artifact-store.ts';
import { KEPT_ENCODERS, KEPT_UNETS, stepFolder } from '../../training/training-names.ts';

/**
 * Returns the folders of a run's artifacts that exist, by stage.
 * @example
 * ```ts
 * import { artifactFolders } from './api/runs/artifact-folders.ts';
 * import { Home } from './pipeline/runs/home.ts';
 * import { RunRecords } from './pipeline/runs/runs.ts';
 *
 * const home = new Home('.textcraftor');
 * const { evaluate } = artifactFolders(home, await new RunRecords(home).read('latest'));
 * ```
 */
export function artifactFolders(home: Home, run: Run): Partial<Record<string, string>> {
  const store = new ArtifactStore(home.artifacts);
  const made = run.stages.flatMap(({ name, artifact }) =>
    artifact ? [[name, store.folder(artifact.sha256)] as const] : [],
  );
  return Object.fromEntries(made.filter(([, folder]) => existsSync(folder)));
}

/**
 * Returns the artifact folders of some stages, after comparing every file with its digest. Networks are large and are
 * skipped: their readers verify them.
 * @throws RunError that names the damaged artifact and how to make it again
 * @example
 * ```ts
 * import { verifiedFolders } from './api/runs/artifact-folders.ts';
 * import { Home } from './pipeline/runs/home.ts';
 * import { RunRecords } from './pipeline/runs/runs.ts';
 *
 * const home = new Home('.textcraftor');
 * const { sweep } = await verifiedFolders(home, await new RunRecords(home).read('latest'), ['sweep']);
 * ```
 */
export async function verifiedFolders(
  home: Home,
  run: Run,
  stages: readonly string[],
): Promise<Partial<Record<string, string>>> {
  const store = new ArtifactStore(home.artifacts);
  const folders = Object.entries(artifactFolders(home, run)).filter(([name]) => stages.includes(name));
  for (const [name, folder] of folders) {
    const damage = await store.damageBut(basename(folder!), isNetwork);
    if (damage !== undefined)
      throw new RunError(
        `The artifact of stage ${name} of run ${run.id} ${damage}; make it again with: textcraftor resume ${run.id}`,
      );
  }
  return Object.fromEntries(folders);
}

const isNetwork = (path: string): boolean => path.endsWith('.safetensors');

/**
 * Returns the UNet of a training step: from its own stage, or from the encoder's stage if both were tuned together.
 * @example
 * ```ts
 * import { artifactFolders, unetPath } from './api/runs/artifact-folders.ts';
 * import { Home } from './pipeline/runs/home.ts';
 * import { RunRecords } from './pipeline/runs/runs.ts';
 *
 * const home = new Home('.textcraftor');
 * const folders = artifactFolders(home, await new RunRecords(home).read('latest'));
 * const unet = unetPath(folders, 200);
 * ```
 */
export function unetPath(folders: Partial<Record<string, string>>, step: number | undefined): string | null {
  const folder = folders['tune-unet'] ?? folders['tune-encoder'];
  if (folder === undefined || step === undefined) return null;
  return join(folder, KEPT_UNETS, stepFolder(step), UNET_FILE);
}

/**
 * Returns the encoder of a training step; null for step 0, which is the original.
 * @example
 * ```ts
 * import { artifactFolders, stepPath } from './api/runs/artifact-folders.ts';
 * import { Home } from './pipeline/runs/home.ts';
 * import { RunRecords } from './pipeline/runs/runs.ts';
 *
 * const home = new Home('.textcraftor');
 * const folders = artifactFolders(home, await new RunRecords(home).read('latest'));
 * const encoder = stepPath(folders['tune-encoder'], 200);
 * ```
 */
export function stepPath(folder: string | undefined, step: number): string | null {
  if (folder === undefined || step === 0) return null;
  return join(folder, KEPT_ENCODERS, stepFolder(step), TEXT_ENCODER_FILE);
}
