import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The root of the checkout. */
export const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
/** Native tools that the set-up installs; ignored by git. */
export const tools = join(root, '.tools');
/** `tensorflow/` with the libraries and headers, as in the wheel; `nvidia/` beside it in the CUDA build. */
export const tensorflowFolder = join(tools, 'tensorflow');
/** The Temporal command line, which includes the development server. */
export const temporalCommand = join(tools, 'temporal', 'temporal');
/** The package of the TensorFlow add-on; its sources are built here. */
export const addonFolder = join(root, 'node_modules', '@tensorflow', 'tfjs-node-gpu');
/** The built add-on, where its package looks for it. */
export const addon = join(addonFolder, 'lib', 'napi-v8', 'tfjs_binding.node');
