import { createRequire } from 'node:module';
import { RunError } from '../common/errors.ts';
import { cut } from '../common/text/short.ts';
import type * as TensorFlow from '@tensorflow/tfjs-node-gpu';

const require = createRequire(import.meta.url);

// tfjs-node still calls these; Node 23 removed them from node:util.
const util = require('node:util') as Record<string, unknown>;
util['isNullOrUndefined'] = (value: unknown) => value === null || value === undefined;
util['isArray'] = Array.isArray;
// The native library reads it while loading, so it cannot be passed otherwise.
// eslint-disable-next-line no-restricted-properties
process.env['TF_CPP_MIN_LOG_LEVEL'] ??= '3';

/** TensorFlow, on the CPU or on a CUDA device: the library chooses on loading. */
export const tf = load();
export type Tensor = TensorFlow.Tensor;

function load(): typeof TensorFlow {
  try {
    return require('@tensorflow/tfjs-node-gpu') as typeof TensorFlow;
  } catch (error) {
    const said = cut((error as Error).message.split('\n')[0]!, 300);
    throw new RunError(
      `TensorFlow cannot be loaded (${said}): run npm run setup; where memory is limited, allow more (ulimit -v unlimited).`,
    );
  }
}

/**
 * Returns whether programs run on a CUDA device; data passed between their runs then goes through the host's memory.
 */
export const usesGpu = (): boolean =>
  (tf.backend() as unknown as { isUsingGpuDevice?: boolean }).isUsingGpuDevice ?? false;
