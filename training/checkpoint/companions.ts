import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, readdir, rm, stat, truncate } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { sha256File, syncFolder } from '../../common/files.ts';

/** A file's content up to a certain byte. */
export interface Content {
  bytes: number;
  sha256: string;
}

/** Digests of the files beside a checkpoint that belong to it. If they differ, the checkpoint must not be used. */
export interface CompanionDigests {
  /** Files that grow line by line: their content at the time of the checkpoint. */
  logs: Record<string, Content>;
  /** The networks kept until then. */
  kept: Record<string, Content>;
}

const LOGS = ['metrics.jsonl', 'validation.jsonl'];
const KEPT = 'kept';

/** The files in a tuning stage's scratch folder whose digests its checkpoints hold. */
export class Companions {
  readonly #scratch: string;
  /** Kept networks are large and never change, so each is read only once. */
  #kept = new Map<string, Content>();

  constructor(scratch: string) {
    this.#scratch = scratch;
  }

  /** Syncs the files to disk, so that they are durable before their checkpoint is, and returns their digests. */
  async digests(): Promise<CompanionDigests> {
    const logs: CompanionDigests['logs'] = {};
    for (const log of LOGS) {
      const path = join(this.#scratch, log);
      const bytes = await sizeOf(path);
      if (bytes === undefined) continue;
      await syncFile(path);
      logs[log] = { bytes, sha256: await sha256Of(path, bytes) };
    }
    for (const file of await filesIn(join(this.#scratch, KEPT))) {
      if (this.#kept.has(file)) continue;
      const path = join(this.#scratch, KEPT, file);
      this.#kept.set(file, { bytes: (await stat(path)).size, sha256: await sha256File(path) });
      for (let folder = dirname(path); folder !== this.#scratch; folder = dirname(folder)) await syncFolder(folder);
    }
    await syncFolder(this.#scratch);
    return { logs, kept: Object.fromEntries(this.#kept) };
  }

  /** Restores the files to their state at a checkpoint by removing everything later; without one, removes all of it. */
  async goBackTo(digests: CompanionDigests | undefined): Promise<void> {
    this.#kept = new Map(Object.entries(digests?.kept ?? {}));
    for (const log of LOGS) {
      const path = join(this.#scratch, log);
      const content = digests?.logs[log];
      if (content) await truncate(path, content.bytes);
      else await rm(path, { recursive: true, force: true });
    }
    const kept = join(this.#scratch, KEPT);
    if (!digests) await rm(kept, { recursive: true, force: true });
    for (const file of await filesIn(kept)) if (!this.#kept.has(file)) await rm(join(kept, file));
  }

  /** Describes the damage to a copy of the kept networks; undefined if it is intact. */
  async damageOfCopy(folder: string): Promise<string | undefined> {
    return damageOf(folder, Object.fromEntries(this.#kept));
  }
}

/** Describes the damage to a checkpoint's companions; undefined if they are as they were when it was written. */
export async function companionDamage(scratch: string, { logs, kept }: CompanionDigests): Promise<string | undefined> {
  return (await damageOf(scratch, logs)) ?? (await damageOf(join(scratch, KEPT), kept));
}

async function damageOf(folder: string, files: Readonly<Record<string, Content>>): Promise<string | undefined> {
  for (const [file, { bytes, sha256 }] of Object.entries(files)) {
    const size = await sizeOf(join(folder, file));
    if (size === undefined) return `${file} beside it is missing`;
    if (size < bytes) return `${file} beside it is cut short`;
    if ((await sha256Of(join(folder, file), bytes)) !== sha256) return `${file} beside it has other content`;
  }
  return undefined;
}

/** Computes the digest of the first `bytes` bytes of a file. */
async function sha256Of(path: string, bytes: number): Promise<string> {
  const hash = createHash('sha256');
  if (bytes > 0) for await (const chunk of createReadStream(path, { end: bytes - 1 })) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

async function sizeOf(path: string): Promise<number | undefined> {
  const found = await stat(path).catch(() => undefined);
  return found?.isFile() ? found.size : undefined;
}

/** Lists the files below a folder, as paths relative to it. */
async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true }).catch(() => []);
  const files = entries.filter((entry) => !entry.isDirectory());
  return files.map((entry) => relative(folder, join(entry.parentPath, entry.name))).sort();
}

async function syncFile(path: string): Promise<void> {
  const file = await open(path, 'r+');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}
