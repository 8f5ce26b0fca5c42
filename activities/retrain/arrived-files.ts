import { mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { InputError, NothingThereError } from '../../common/errors.ts';
import { sha256 } from '../../common/files.ts';
import { findSources } from '../../datasets/sources/find-sources.ts';
import type { SourceFile } from '../../datasets/sources/source-file.ts';
import { run as ingest, type IngestConfig } from '../../datasets/stages/ingest.ts';
import type { ExternalDigests } from '../../pipeline/keys/external-inputs.ts';
import { isWorldName } from '../../world/scenes/common/world-names.ts';
import { partitionOf } from '../../registry/schedules/partition.ts';

/** A file changed within this time may be half-written; it is left for the next time. */
const settledMilliseconds = 2000;

export type NewFile = SourceFile & { digest: string };

/** Finds files whose content no batch has used, by the digest of their content. */
export async function newFiles(
  digests: ExternalDigests,
  source: string,
  partition: string | undefined,
  known: ReadonlySet<string>,
): Promise<NewFile[]> {
  if (isWorldName(source))
    throw new InputError('A schedule needs prompts that arrive: prompts.source must be a folder or a file.');
  const { files } = await findSources(source).catch((error: unknown) => {
    if (error instanceof NothingThereError) return { files: [] }; // nothing has arrived yet
    throw error;
  });
  const found: NewFile[] = [];
  for (const file of files) {
    if (file.bytes === 0 || (partition !== undefined && partitionOf(file.name) !== partition)) continue;
    if (Date.now() - (await stat(file.path)).mtimeMs < settledMilliseconds) continue;
    const digest = await digestOf(digests, file);
    if (!known.has(digest)) found.push({ ...file, digest });
  }
  return found;
}

const digestOf = async (digests: ExternalDigests, { path }: SourceFile): Promise<string> =>
  sha256(await digests.digest(path));

/**
 * Reads files, each into its own folder.
 * @returns the files that did not change meanwhile, with their folders; the others are left for the next time
 */
export async function readStill(
  digests: ExternalDigests,
  files: readonly NewFile[],
  raw: string,
  read: (file: NewFile, folder: string) => Promise<void>,
): Promise<{ file: NewFile; folder: string }[]> {
  const still: { file: NewFile; folder: string }[] = [];
  for (const [i, file] of files.entries()) {
    const folder = join(raw, String(i));
    const kept = async (): Promise<boolean> => (await digestOf(digests, file).catch(() => undefined)) === file.digest;
    const error = await read(file, folder).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    if (!(await kept())) continue;
    if (error !== undefined) throw error;
    still.push({ file, folder });
  }
  return still;
}

/** Reads a file like the stage ingest, into `output` of a folder. */
export async function readArrived(
  file: SourceFile,
  folder: string,
  { source: _, limit: __, ...options }: IngestConfig,
  signal: AbortSignal,
): Promise<void> {
  const [output, scratch] = [join(folder, 'output'), join(folder, 'scratch')];
  for (const each of [output, scratch]) await mkdir(each, { recursive: true });
  const common = { seed: 0, inputs: {}, progress: () => {}, signal };
  await ingest({ ...common, config: { ...options, source: file.path }, output, scratch });
}
