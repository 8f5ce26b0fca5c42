import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, statfsSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SetupError } from './failure.mjs';
import { root, tensorflowFolder, tools } from './paths.mjs';
import { cudaWheels, platform, tensorflowCpu, tensorflowGpu } from './pins.mjs';
import { extractWheels } from './python.mjs';

/** @typedef {'cpu' | 'gpu'} Build */

const headers = [
  'tensorflow/c/c_api.h',
  'tensorflow/c/c_api_macros.h',
  'tensorflow/c/eager/c_api.h',
  'tensorflow/c/experimental/stream_executor/stream_executor.h',
  'tensorflow/c/kernels.h',
  'tensorflow/c/ops.h',
  'tensorflow/c/tf_attrtype.h',
  'tensorflow/c/tf_buffer.h',
  'tensorflow/c/tf_datatype.h',
  'tensorflow/c/tf_status.h',
  'tensorflow/c/tf_tensor.h',
  'tensorflow/c/tf_tstring.h',
  'tensorflow/core/common_runtime/next_pluggable_device/c/tf_rendezvous_c_api.h',
  'tensorflow/core/platform/ctstring.h',
  'tensorflow/core/platform/ctstring_internal.h',
  'tsl/platform/ctstring.h',
  'tsl/platform/ctstring_internal.h',
  'tsl/platform/platform.h',
  'xla/tsl/c/tsl_status.h',
].map((header) => `tensorflow/include/${header}`);

/** The two libraries that the add-on links with, relative to the TensorFlow folder. */
export const libraries = (
  process.platform === 'darwin'
    ? ['libtensorflow_cc.2.dylib', 'libtensorflow_framework.2.dylib']
    : ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2']
).map((library) => `tensorflow/${library}`);

const files = [...libraries, ...headers];
const stamp = join(tensorflowFolder, 'installed.json');

/**
 * Describes the installed TensorFlow; undefined if it is missing or incomplete.
 * @returns {{ build: Build, wheels: string[], bytes: Record<string, number> } | undefined}
 */
export function installedTensorflow() {
  if (!existsSync(stamp)) return undefined;
  const installed = JSON.parse(readFileSync(stamp, 'utf8'));
  const whole = files.every(
    (file) => statSync(join(tensorflowFolder, file), { throwIfNoEntry: false })?.size === installed.bytes[file],
  );
  return whole ? installed : undefined;
}

/** @param {Build} build */
function wheelsOf(build) {
  if (build === 'gpu') {
    if (platform === 'linux-x64') return [tensorflowGpu, ...cudaWheels];
    throw new SetupError(`TensorFlow with CUDA exists only for Linux x64; this is ${platform}.`, [
      'npm run setup   takes the build for the CPU.',
    ]);
  }
  const wheel = tensorflowCpu[platform];
  if (wheel) return [wheel];
  throw new SetupError(`TensorFlow has no build for ${platform}.`, [
    'Linux x64, Linux arm64 and macOS on Apple silicon have one; on Windows use WSL 2.',
  ]);
}

/** Returns whether the folder holds the pinned build (`undefined`: either build). */
export function tensorflowIsInstalled(/** @type {Build | undefined} */ build) {
  const installed = installedTensorflow();
  if (!installed || (build && installed.build !== build)) return false;
  return (
    installed.wheels.join() ===
    wheelsOf(installed.build)
      .map((wheel) => wheel.sha256)
      .join()
  );
}

/** Returns glibc's version, such as 2.36; undefined on musl and outside Linux. */
function glibcVersion() {
  const report = /** @type {{ header: { glibcVersionRuntime?: string } }} */ (process.report.getReport());
  return report.header.glibcVersionRuntime;
}

/**
 * Downloads TensorFlow's wheel and extracts the two libraries and the headers of its C API; with `gpu` also the CUDA
 * libraries, in `nvidia/` beside them, where the library looks for them ($ORIGIN/../nvidia/NAME/lib).
 * @param {Build} build
 */
export function installTensorflow(build) {
  const wheels = wheelsOf(build);
  if (process.platform === 'linux') {
    const [major = 0, minor = 0] = (glibcVersion() ?? '').split('.').map(Number);
    if (major < 2 || (major === 2 && minor < 27))
      throw new SetupError(
        `TensorFlow and Temporal need glibc 2.27 or newer; this system has ${glibcVersion() ?? 'another C library'}.`,
        ['Use Debian 10, Ubuntu 18.04 or newer, or an image based on them instead of Alpine.'],
      );
  }
  mkdirSync(tools, { recursive: true });
  const needed = build === 'gpu' ? 10e9 : 1.5e9;
  const { bavail, bsize } = statfsSync(tools);
  if (bavail * bsize < needed)
    throw new SetupError(
      `TensorFlow needs ${needed / 1e9} GB of disk temporarily; ${root} has ${(bavail * bsize) / 1e9} GB.`,
    );

  const folder = `${tensorflowFolder}.new`;
  const old = `${tensorflowFolder}.old`;
  rmSync(folder, { recursive: true, force: true });
  extractWheels(wheels, [...files, ...(build === 'gpu' ? ['nvidia/*'] : [])], folder);
  const bytes = Object.fromEntries(files.map((file) => [file, statSync(join(folder, file)).size]));
  const installed = { build, wheels: wheels.map((wheel) => wheel.sha256), bytes };
  writeFileSync(join(folder, 'installed.json'), `${JSON.stringify(installed, null, 2)}\n`);
  rmSync(old, { recursive: true, force: true });
  if (existsSync(tensorflowFolder)) renameSync(tensorflowFolder, old);
  renameSync(folder, tensorflowFolder);
  rmSync(old, { recursive: true, force: true });
}
