import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { InputError, RunError } from '../common/errors.ts';
import { setAside } from '../common/files/set-aside.ts';
import { CodeDigests } from '../pipeline/keys/code-digests.ts';
import { checkout } from '../pipeline/config/config-file.ts';
import type { Home } from '../pipeline/runs/home.ts';
import { interruption } from '../common/interrupt.ts';
import { isSealed } from './sealed-code.ts';
import { reasonOf } from '../common/text/reason.ts';

const source = 'workflows/workflows.ts';
const bundler = fileURLToPath(new URL('bundle-child.ts', import.meta.url));

/**
 * Bundles the workflows into one file for the worker. It is built once per version of the code, in its own process:
 * that takes a second or two, and 200 MB that the worker would keep. A bundle changed since is set aside and rebuilt.
 */
export async function bundleWorkflows(home: Home): Promise<{ codePath: string }> {
  if (checkout.includes('!'))
    throw new InputError(
      `Nothing can run from ${checkout}: its path has a "!", which webpack does not allow; move it.`,
    );
  const { sha256 } = await new CodeDigests(home.codeDigests).digest(source, checkout);
  const codePath = join(home.workflows, `${sha256.slice(0, 16)}.js`);
  if (await isWhole(codePath)) return { codePath };
  const args = ['--import', import.meta.resolve('tsx'), bundler, join(checkout, source), codePath];
  const signal = interruption();
  await promisify(execFile)(process.execPath, args, { signal }).catch((error: Error & { stderr?: string }) => {
    signal.throwIfAborted();
    throw new RunError(`The workflows cannot be bundled: ${reasonOf(error.stderr?.trim() || error)}`);
  });
  return { codePath };
}

async function isWhole(path: string): Promise<boolean> {
  try {
    if (isSealed(await readFile(path, 'utf8'))) return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
  }
  await setAside(path, 'is not the bundle that was written');
  return false;
}
