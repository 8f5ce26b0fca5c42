import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { BuildWorldOptions } from '../../api/build-world.ts';
import { RunError } from '../../common/errors.ts';
import { endsWithThisProcess } from './children.ts';

/**
 * Runs one step of the build of a world in its own process with one thread.
 * @throws RunError that names the step, if it fails
 */
export async function runWorldStep(step: string, { world, out, work }: Omit<BuildWorldOptions, 'log'>): Promise<void> {
  const one = { TF_NUM_INTRAOP_THREADS: '1', TF_NUM_INTEROP_THREADS: '1', OMP_NUM_THREADS: '1' };
  // Otherwise glibc returns large blocks to the kernel at each step, which takes a fifth of the time.
  const malloc = {
    MALLOC_TRIM_THRESHOLD_: '4000000000',
    MALLOC_MMAP_THRESHOLD_: '4000000000',
    MALLOC_TOP_PAD_: '268435456',
  };
  const options = ['--world', world, '--out', out, '--work', work];
  const args = [process.argv[1]!, 'world', 'build', '--only', step, ...options];
  const child = spawn(process.execPath, [...process.execArgv, ...args], {
    stdio: 'inherit',
    env: { ...process.env, ...one, ...malloc },
  });
  endsWithThisProcess(child);
  const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
  if (code !== 0)
    throw new RunError(
      `The step ${step} ended with ${signal ?? `exit code ${code}`}; run the command again to continue from it.`,
    );
}
