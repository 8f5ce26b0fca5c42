import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { InputError, RunError } from '../../common/errors.ts';
import type { FilterSummary } from '../tables/filtered.ts';
import type { Split } from './split.ts';

export interface ShardEntry {
  file: string;
  rows: number;
  bytes: number;
  /** Of the file. */
  sha256: string;
  /** Of the rows alone: equal when another version of the writer packs them differently. */
  content: string;
}

/** `manifest.json` of a folder of shards. */
export interface ShardManifest {
  format: 1;
  columns: Record<string, string>;
  splits: Record<Split, { rows: number; shards: ShardEntry[] }>;
  /** Of the contents of all shards: the same for the same prompts in the same shards, whatever wrote them. */
  content: string;
  /** What the filter did with the prompts that were read for the shards that are new here. */
  filter: Pick<FilterSummary, 'read' | 'kept' | 'truncated' | 'dropped'>;
  /** `content` of the shards that these extend. */
  extends?: string;
}

/** A prompt as the shards keep it. */
export interface PromptRow {
  /** Identity of the prompt, 32 hexadecimal digits. */
  id: string;
  prompt: string;
  /** CLIP tokens, start and end included, before any cut. */
  tokens: number;
  /** The file that it is from. */
  source: string;
}

/** Columns of a shard with their Parquet types. */
export const shardColumns: Record<keyof PromptRow, string> = {
  id: 'string',
  prompt: 'string',
  tokens: 'int32',
  source: 'string',
};

/** @throws InputError when the folder holds no shards; RunError when its manifest is of another format */
export async function readManifest(folder: string): Promise<ShardManifest> {
  const path = join(folder, 'manifest.json');
  const text = await readFile(path, 'utf8').catch(() => {
    throw new InputError(`${folder}: no manifest.json; expected a folder of shards as the stage "shard" makes it.`);
  });
  const manifest = parsed(text, path);
  if (manifest.format !== 1)
    throw new RunError(`${path}: format ${String(manifest.format)}, expected 1; make the shards anew.`);
  return manifest;
}

function parsed(text: string, path: string): ShardManifest {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && 'splits' in value) return value as ShardManifest;
  } catch {
    // as below
  }
  throw new InputError(`${path} is damaged: it is no manifest of shards; make the shards anew.`);
}
