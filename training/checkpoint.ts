import { existsSync } from 'node:fs';
import { mkdir, readFile, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Bytes } from '../engine/program.ts';
import { faultPoint } from '../common/fault-points.ts';
import { sha256File, syncFolder, writeFileAtomic } from '../common/files.ts';
import { readSafetensors, writeSafetensors, type ByteData } from '../engine/safetensors.ts';
import { readWeights, writeWeights, type Weights } from '../engine/weights.ts';

/** Everything that a step depends on and that is not an input of the stage. */
export interface Checkpoint {
  /** Steps that are done. */
  step: number;
  /** The tuned parameters. */
  weights: Weights;
  /** The optimizer's moments, as `adam.m/group/name` and `adam.v/group/name`. */
  state: Weights;
  /** Moments in 8 bits, as `adam.m.codes/group/name`. */
  codes: Bytes;
  /** Bytes of metrics.jsonl that belong to those steps. */
  metricsBytes: number;
}

/** Of checkpoints with moments in 8 bits. */
const CODES = 'codes.safetensors';
const FOLDER = /^checkpoint-(\d{6})$/;
const folderOf = (step: number) => `checkpoint-${String(step).padStart(6, '0')}`;

/**
 * Writes a checkpoint beside the earlier ones, of which the last stays: under a temporary name, synced, renamed, so that
 * a folder of the right name is whole. `meta.json` holds the digests of the files, checked on reading.
 */
export async function writeCheckpoint(
  folder: string,
  { step, weights, state, codes, metricsBytes }: Checkpoint,
): Promise<void> {
  const temporary = join(folder, `writing-${folderOf(step)}`);
  await rm(temporary, { recursive: true, force: true });
  await mkdir(temporary, { recursive: true });
  await writeWeights(join(temporary, 'weights.safetensors'), weights);
  await writeWeights(join(temporary, 'state.safetensors'), state);
  if (codes.size > 0) await writeBytes(join(temporary, CODES), codes);
  const digests = await digestsOf(temporary);
  await writeFileAtomic(join(temporary, 'meta.json'), JSON.stringify({ step, metricsBytes, digests }));
  const target = join(folder, folderOf(step));
  await rm(target, { recursive: true, force: true });
  faultPoint('checkpoint-rename');
  await rename(temporary, target);
  await syncFolder(folder);
  faultPoint('checkpoint-renamed');
  for (const old of (await stepsIn(folder)).slice(0, -2)) await rm(join(folder, folderOf(old)), { recursive: true });
}

/** The last checkpoint that is whole; one that is damaged is passed over with a warning. */
export async function readLastCheckpoint(
  folder: string,
  warn: (message: string) => void,
): Promise<Checkpoint | undefined> {
  for (const step of (await stepsIn(folder)).reverse()) {
    const path = join(folder, folderOf(step));
    try {
      const meta = JSON.parse(await readFile(join(path, 'meta.json'), 'utf8')) as {
        step: number;
        metricsBytes: number;
        digests: unknown;
      };
      if (JSON.stringify(await digestsOf(path)) !== JSON.stringify(meta.digests))
        throw new Error('its digests are not those it was written with');
      const [weights, state] = [
        await readWeights(join(path, 'weights.safetensors')),
        await readWeights(join(path, 'state.safetensors')),
      ];
      const codes = existsSync(join(path, CODES)) ? await readBytes(join(path, CODES)) : new Map();
      return { step: meta.step, metricsBytes: meta.metricsBytes, weights, state, codes };
    } catch (error) {
      warn(`Checkpoint ${path} cannot be used (${(error as Error).message}); going back to the one before.`);
    }
  }
  return undefined;
}

async function writeBytes(path: string, bytes: Bytes): Promise<void> {
  const tensors = [...bytes].map(([name, tensor]): [string, ByteData] => [name, { dtype: 'U8', ...tensor }]);
  await writeSafetensors(path, Object.fromEntries(tensors));
}

async function readBytes(path: string): Promise<Bytes> {
  const file = await readSafetensors(path);
  return new Map(file.names.map((name) => [name, { shape: file.info(name).shape, data: file.data(name) }]));
}

async function digestsOf(folder: string): Promise<Record<string, string>> {
  const files = ['weights.safetensors', 'state.safetensors', CODES].filter(
    (file) => file !== CODES || existsSync(join(folder, file)),
  );
  return Object.fromEntries(await Promise.all(files.map(async (file) => [file, await sha256File(join(folder, file))])));
}

async function stepsIn(folder: string): Promise<number[]> {
  if (!existsSync(folder)) return [];
  const found = (await readdir(folder)).flatMap((name) => FOLDER.exec(name)?.[1] ?? []);
  return found.map(Number).sort((a, b) => a - b);
}
