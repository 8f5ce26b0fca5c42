import { chmod, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { RandomStream } from '../../common/random.ts';
import type { Subject } from './subject.ts';

export type Damage = (path: string, random: RandomStream) => Promise<void>;

/** How often each kind of file was damaged, in all runs. */
export const struckKinds = new Map<string, number>();

/**
 * Returns the kind of a file under a home: its path without the parts that differ between runs, steps and keys. So a
 * new kind needs no change here.
 */
export function kindOf(path: string): string {
  return path
    .replace(/(^|\/)runs\/[^/]+/, '$1runs/RUN')
    .replace(/(^|\/)work\/([a-z-]+)-[0-9a-f]{16}(?=\/|$)/, '$1work/$2-KEY')
    .replace(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, 'UUID')
    .replace(/[0-9a-f]{16,64}/g, 'DIGEST')
    .replace(/(?<=items\/)[0-9a-f]{2}(?=\/)/, 'XX')
    .replace(/\d+/g, 'N');
}

/** Share of the kinds that one fault damages. */
const SHARE = 1 / 4;

/**
 * Damages one file of each of some kinds, the least damaged first. No process of the run may be working.
 * @returns the kinds
 */
export async function damageSome(subject: Subject, random: RandomStream, damage: Damage): Promise<string[]> {
  const byKind = new Map<string, string[]>();
  for (const file of (await filesIn(subject.home.folder)).sort()) {
    const kind = kindOf(relative(subject.home.folder, file));
    byKind.set(kind, [...(byKind.get(kind) ?? []), file]);
  }
  const struck = (kind: string): number => struckKinds.get(kind) ?? 0;
  const drawn = [...byKind.keys()].sort().map((kind) => ({ kind, order: struck(kind) + random.uniform() }));
  const kinds = drawn
    .sort((a, b) => a.order - b.order)
    .slice(0, Math.ceil(drawn.length * SHARE))
    .map(({ kind }) => kind);
  for (const kind of kinds) {
    struckKinds.set(kind, struck(kind) + 1);
    await damage(random.choice(byKind.get(kind)!), random);
  }
  return kinds;
}

export async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

export async function flipBit(path: string, random: RandomStream): Promise<void> {
  const { size } = await stat(path);
  if (size === 0) return rm(path);
  const bytes = await readFile(path);
  bytes[random.integer(size)]! ^= 1 << random.integer(8);
  await rm(path); // artifacts are read-only
  await writeFile(path, bytes);
}

/** Cuts a file as a power loss does: to any length from 0 to all but the last byte. */
export async function cutShort(path: string, random: RandomStream): Promise<void> {
  const { size } = await stat(path);
  await chmod(path, 0o644);
  await truncate(path, random.uniform() < 0.3 ? 0 : random.integer(Math.max(1, size)));
}
