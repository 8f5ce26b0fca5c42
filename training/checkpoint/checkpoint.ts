import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Bytes } from '../../engine/program/program.ts';
import { faultPoint } from '../../common/fault-points.ts';
import { canonicalJson, sha256File, syncFolder } from '../../common/files.ts';
import { DamagedError, readSealed, writeSealed } from '../../common/files/sealed.ts';
import { readSafetensors, writeSafetensors, type ByteData } from '../../engine/weights/safetensors.ts';
import { readWeights, writeWeights, type Weights } from '../../engine/weights/weights.ts';
import { companionDamage, type CompanionDigests } from './companions.ts';
import { reasonOf } from '../../common/text/reason.ts';

/** All state that a step depends on, apart from the stage's inputs. */
export interface Checkpoint {
  /** Number of completed steps. */
  step: number;
  /** The tuned parameters. */
  weights: Weights;
  /** The optimizer's moments, as `adam.m/group/name` and `adam.v/group/name`. */
  state: Weights;
  /** Moments in 8 bits, as `adam.m.codes/group/name`. */
  codes: Bytes;
  /** Files of these steps beside the checkpoints' folder. */
  companions: CompanionDigests;
}

/** meta.json */
interface Meta extends Pick<Checkpoint, 'step' | 'companions'> {
  digests: Record<string, string>;
}

/** Only in checkpoints with moments in 8 bits. */
const CODES = 'codes.safetensors';
const FOLDER = /^checkpoint-(\d{6,})$/;
const folderOf = (step: number) => `checkpoint-${String(step).padStart(6, '0')}`;

/**
 * Writes a checkpoint and keeps the one before it. It is written under a temporary name, synced and renamed, so a
 * folder with the final name is always complete. `meta.json` holds the digests of its files and its companions; reading
 * checks them all.
 */
export async function writeCheckpoint(
  folder: string,
  { step, weights, state, codes, companions }: Checkpoint,
): Promise<void> {
  const temporary = join(folder, `writing-${folderOf(step)}`);
  await rm(temporary, { recursive: true, force: true });
  await mkdir(temporary, { recursive: true });
  await writeWeights(join(temporary, 'weights.safetensors'), weights);
  await writeWeights(join(temporary, 'state.safetensors'), state);
  if (codes.size > 0) await writeBytes(join(temporary, CODES), codes);
  const digests = await digestsOf(temporary);
  await writeSealed(join(temporary, 'meta.json'), { step, companions, digests } satisfies Meta);
  const target = join(folder, folderOf(step));
  await rm(target, { recursive: true, force: true });
  faultPoint('checkpoint-rename');
  await rename(temporary, target);
  await syncFolder(folder);
  faultPoint('checkpoint-renamed');
  for (const old of (await stepsIn(folder)).slice(0, -2)) await rm(join(folder, folderOf(old)), { recursive: true });
}

/**
 * Reads the last checkpoint that is undamaged and matches its companions (in the folder around `folder`). Others are
 * skipped with a warning and removed, since they can never be used again.
 */
export async function readLastCheckpoint(
  folder: string,
  warn: (message: string) => void,
): Promise<Checkpoint | undefined> {
  for (const step of (await stepsIn(folder)).reverse()) {
    const path = join(folder, folderOf(step));
    try {
      return await readCheckpoint(path, step);
    } catch (error) {
      warn(`Checkpoint ${path} cannot be used (${reasonOf(error)}); going back to the one before it.`);
      if (isLasting(error)) await rm(path, { recursive: true, force: true });
    }
  }
  return undefined;
}

/** Returns whether the files themselves are damaged, so that reading them again cannot help. */
function isLasting(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return error instanceof DamagedError || code === 'ENOENT' || code === 'EISDIR' || code === 'ENOTDIR';
}

/** @throws DamagedError */
async function readCheckpoint(path: string, step: number): Promise<Checkpoint> {
  const meta = await readSealed<Meta>(join(path, 'meta.json'));
  if (meta.step !== step) throw new DamagedError(`it was written as that of step ${meta.step}`);
  if (canonicalJson(await digestsOf(path)) !== canonicalJson(meta.digests))
    throw new DamagedError('its digests are not those it was written with');
  const damage = await companionDamage(dirname(dirname(path)), meta.companions);
  if (damage !== undefined) throw new DamagedError(damage);
  const [weights, state] = [
    await readWeights(join(path, 'weights.safetensors')),
    await readWeights(join(path, 'state.safetensors')),
  ];
  const codes = existsSync(join(path, CODES)) ? await readBytes(join(path, CODES)) : new Map();
  return { step, companions: meta.companions, weights, state, codes };
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
