import { execFile } from 'node:child_process';
import { mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

const command = promisify(execFile);

/** A small file system that can fill up and be made read-only. Needs Linux and the right to mount. */
export class SmallDisk {
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  /** Undefined where this user may not mount. */
  static async mount(folder: string, megabytes: number): Promise<SmallDisk | undefined> {
    await mkdir(folder, { recursive: true });
    try {
      await command('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'textcraftor-chaos', folder]);
      return new SmallDisk(folder);
    } catch {
      return undefined;
    }
  }

  /** No file may be open for writing; a killed process may take a moment to close its files. */
  async setReadOnly(readOnly: boolean): Promise<void> {
    for (let tries = 1; ; tries++)
      try {
        await command('mount', ['-o', `remount,${readOnly ? 'ro' : 'rw'}`, this.folder]);
        return;
      } catch (error) {
        if (tries === 40) throw error;
        await sleep(500);
      }
  }

  /** Writes until nothing more fits. */
  async fill(): Promise<void> {
    const file = await open(join(this.folder, 'ballast'), 'w');
    try {
      for (const size of [1 << 20, 1 << 12, 1])
        for (;;)
          try {
            await file.write(Buffer.alloc(size));
          } catch {
            break;
          }
    } finally {
      await file.close();
    }
  }

  async empty(): Promise<void> {
    await rm(join(this.folder, 'ballast'), { force: true });
  }

  async unmount(): Promise<void> {
    await command('umount', ['-l', this.folder]).catch(() => {});
  }
}
