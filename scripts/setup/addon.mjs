import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { requireCompiler } from './compiler.mjs';
import { capture, SetupError, tail } from './failure.mjs';
import { addon, addonFolder, root, tensorflowFolder } from './paths.mjs';
import { installedTensorflow, libraries } from './tensorflow.mjs';

/**
 * Digest of what the add-on was built from; the bits of a run's results depend on it
 * (`pipeline/keys/engine-identity.ts`).
 */
const stamp = `${addon}.digest`;
const mac = process.platform === 'darwin';

/** The library path written into the add-on is relative to the add-on, so that a checkout may be moved. */
const libraryPath = join(relative(dirname(addon), tensorflowFolder), 'tensorflow');

const flags = [
  ...[
    '-std=c++17',
    '-O3',
    '-fopenmp-simd',
    '-fno-math-errno',
    '-fno-trapping-math',
    '-Wno-psabi',
    '-fPIC',
    '-shared',
    '-DNAPI_VERSION=8',
    '-DTF_NewTensor=textcraftorCopiedTensor',
  ],
  ...(mac
    ? ['-undefined', 'dynamic_lookup', `-Wl,-rpath,@loader_path/${libraryPath}`]
    : [`-Wl,-rpath,$ORIGIN/${libraryPath}`]),
];

const kernels = join(root, 'engine/kernels');
/** @param {string} suffix */
const kernelFiles = (suffix) =>
  readdirSync(kernels)
    .filter((name) => name.endsWith(suffix))
    .sort()
    .map((name) => join(kernels, name));

const sources = [
  ...['tfjs_backend.cc', 'tfjs_binding.cc'].map((file) => join(addonFolder, 'binding', file)),
  ...['log-level.cc', 'own-memory.cc'].map((file) => join(root, 'scripts/setup', file)),
  ...kernelFiles('.cc'),
];

/** Everything but the compiler, which may be gone by now. */
function digest() {
  const hash = createHash('sha256').update(JSON.stringify([flags, installedTensorflow()?.wheels]));
  for (const file of [...sources, ...kernelFiles('.h')]) if (existsSync(file)) hash.update(readFileSync(file));
  return hash.digest('hex');
}

export function addonIsBuilt() {
  return existsSync(addon) && existsSync(stamp) && readFileSync(stamp, 'utf8').startsWith(digest());
}

/**
 * Loads TensorFlow in a separate process, since a library that does not fit the processor ends the process.
 * @returns {{ version: string, gpu: boolean } | { error: string[] }}
 */
export function probeTensorflow() {
  const probe = capture(process.execPath, [join(root, 'scripts/setup/probe.cjs')], { cwd: root, timeout: 120_000 });
  return probe.ok ? JSON.parse(probe.stdout.split('\n').at(-1) ?? '') : { error: tail(probe.stderr) };
}

/** Builds the package's add-on with the C API of the installed TensorFlow, and tries it. */
export function buildAddon() {
  const compiler = requireCompiler();
  const temporary = `${addon}.new`;
  mkdirSync(dirname(addon), { recursive: true });
  const includes = [join(root, 'node_modules/node-api-headers/include'), join(tensorflowFolder, 'tensorflow/include')];
  const built = capture(compiler.command, [
    ...compiler.args,
    ...includes.flatMap((folder) => ['-I', folder]),
    ...sources,
    ...['-o', temporary],
    ...libraries.map((library) => join(tensorflowFolder, library)),
    ...flags,
  ]);
  if (!built.ok) {
    rmSync(temporary, { force: true });
    throw new SetupError(`${compiler.version} could not build the TensorFlow add-on:`, [
      ...tail(built.stderr),
      'It needs C++17: GCC 8, Clang 7 or newer; CXX names another compiler.',
    ]);
  }
  renameSync(temporary, addon);
  const probe = probeTensorflow();
  if ('error' in probe)
    throw new SetupError('The TensorFlow add-on was built but does not work here:', [
      ...probe.error,
      'TensorFlow needs a processor with AVX (x64) or Armv8 (arm64).',
    ]);
  writeFileSync(stamp, `${digest()}\n${compiler.version}\n`);
}
