import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { InputError, RunError } from '../../common/errors.ts';
import type { ResultFile } from '../../common/files/result-file.ts';
import type { FilterSummary } from '../tables/filtered.ts';
import type { Split } from './split.ts';

export interface ShardEntry {
  file: string;
  rows: number;
  bytes: number;
  /** Digest of the file. */
  sha256: string;
  /** Digest of the rows alone: unchanged when another version of the writer packs them differently. */
  content: string;
}

/** The shards of a folder. */
export interface ShardManifest {
  format: 1;
  columns: Record<string, string>;
  splits: Record<Split, { rows: number; shards: ShardEntry[] }>;
  /** Digest of the contents of all shards: the same for the same prompts in the same shards, whatever wrote them. */
  content: string;
  /** The filter's counts for the new shards. */
  filter: Pick<FilterSummary, 'read' | 'kept' | 'truncated' | 'dropped'>;
  /** `content` of the shards that this folder extends. */
  extends?: string;
}

/** A prompt as stored in shards. */
export interface PromptRow {
  /** Id of the prompt, 32 hexadecimal digits. */
  id: string;
  prompt: string;
  /** Number of CLIP tokens before truncation, start and end included. */
  tokens: number;
  /** The file that it comes from. */
  source: string;
}

/** Columns of a shard with their Parquet types. */
export const shardColumns: Record<keyof PromptRow, string> = {
  id: 'string',
  prompt: 'string',
  tokens: 'int32',
  source: 'string',
};

export const MANIFEST: ResultFile<ShardManifest> = { name: 'manifest.json' };

/** Reads the manifest. @throws InputError when the folder holds no shards; RunError when its manifest has another format */
export async function readManifest(folder: string): Promise<ShardManifest> {
  const path = join(folder, MANIFEST.name);
  const text = await readFile(path, 'utf8').catch(() => {
    throw new InputError(`${folder}: no ${MANIFEST.name}; expected a folder of shards made by the stage "shard".`);
  });
  const manifest = parsed(text, path);
  if (manifest.format !== 1)
    throw new RunError(`${path}: format ${String(manifest.format)}, expected 1; make the shards again.`);
  return manifest;
}

function parsed(text: string, path: string): ShardManifest {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && 'splits' in value) return value as ShardManifest;
  } catch {
    // falls through to the error below
  }
  throw new InputError(`${path} is damaged: it is not a manifest of shards; make the shards again.`);
}
