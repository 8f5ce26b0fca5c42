import { availableParallelism } from 'node:os';
import type { EngineSettings } from '../../pipeline/common-settings.ts';

/**
 * The largest block that glibc can be set to keep on the heap. It ignores greater values and then maps every large
 * block.
 */
const largestHeapBlock = 32 << 20;

/**
 * Returns the environment of a stage's process.
 *
 * By default glibc returns big blocks to the system when they are freed and requests them again at the next step, which
 * takes a fifth of a small model's training time. These thresholds keep them.
 */
export function stageEnvironment(
  parent: NodeJS.ProcessEnv,
  { threads, xla, lanes = 1 }: EngineSettings,
): NodeJS.ProcessEnv {
  const all = threads > 0 ? threads : availableParallelism();
  const perOperation = Math.max(1, Math.floor(all / lanes));
  return {
    ...parent,
    MALLOC_TRIM_THRESHOLD_: String(4n << 30n),
    MALLOC_MMAP_THRESHOLD_: String(largestHeapBlock),
    MALLOC_TOP_PAD_: String(64 << 20),
    // Hopper GPUs compile the kernels on first use; the cache keeps them for the next process.
    CUDA_CACHE_MAXSIZE: String(4n << 30n),
    ...(threads > 0 || lanes > 1
      ? {
          OMP_NUM_THREADS: `${perOperation}`,
          TF_NUM_INTRAOP_THREADS: `${perOperation}`,
          TF_NUM_INTEROP_THREADS: `${Math.min(lanes, all)}`,
        }
      : {}),
    // TensorFlow's own pool allocates many small tensors faster than the C library.
    ...(lanes > 1 ? { TF_CPU_ALLOCATOR_USE_BFC: 'true' } : {}),
    ...(xla ? { TF_XLA_FLAGS: '--tf_xla_auto_jit=2 --tf_xla_cpu_global_jit' } : {}),
  };
}
