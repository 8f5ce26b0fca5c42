import { existsSync, statfsSync } from 'node:fs';
import { connect } from 'node:net';
import { availableParallelism, cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { addonIsBuilt, probeTensorflow } from '../../scripts/setup/addon.mjs';
import { compilerAdvice, findCompiler } from '../../scripts/setup/compiler.mjs';
import { dependenciesAreInstalled } from '../../scripts/setup/dependencies.mjs';
import { capture } from '../../scripts/setup/failure.mjs';
import { root } from '../../scripts/setup/paths.mjs';
import { findPython, pythonAdvice } from '../../scripts/setup/python.mjs';
import { parseAddress } from '../../temporal/server/server-address.ts';
import { findTemporal, temporalAdvice } from '../../scripts/setup/temporal.mjs';
import { installedTensorflow, tensorflowIsInstalled } from '../../scripts/setup/tensorflow.mjs';
import { listenError } from '../../temporal/server/ports.ts';
import { WORLD_NAMES } from '../../world/scenes/common/world-names.ts';

/** `warning`: this checkout works as it is, but something may fail later. */
export interface Check {
  name: string;
  status: 'ok' | 'warning' | 'failed';
  /** The finding, on one line. */
  found: string;
  /** Ways to mend it, one per line; empty when all is well. */
  advice: string[];
}

const ok = (name: string, found: string): Check => ({ name, status: 'ok', found, advice: [] });
const runSetup = 'npm run setup';
const gigabytes = (bytes: number) => `${(bytes / 1e9).toFixed(1)} GB`;

function node(): Check {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const found = `${process.version} on ${process.platform} ${process.arch}`;
  if (major < 20 || (major === 20 && minor < 19))
    return { name: 'node', status: 'failed', found, advice: ['Install Node 20.19, 22 or 24: https://nodejs.org'] };
  if ([20, 22, 24].includes(major)) return ok('node', found);
  return { name: 'node', status: 'warning', found, advice: ['Tested on Node 20, 22 and 24.'] };
}

function packages(): Check {
  if (dependenciesAreInstalled()) return ok('packages', 'as in package-lock.json');
  return { name: 'packages', status: 'failed', found: 'differ from package-lock.json', advice: [runSetup] };
}

/** Checks the compiler, which is only needed until the add-on is built. */
function compiler(): Check {
  const found = findCompiler();
  if (found) return ok('compiler', `${found.version} (${found.command})`);
  const status = addonIsBuilt() ? 'warning' : 'failed';
  return { name: 'compiler', status, found: 'no C++ compiler', advice: compilerAdvice };
}

/** Checks Python, which is only needed until TensorFlow and Temporal are installed. */
function python(): Check {
  const found = findPython();
  if (found?.pip) return ok('python', `${found.version} with pip ${found.pip} (${found.command})`);
  const status = tensorflowIsInstalled(undefined) ? 'warning' : 'failed';
  const what = found ? `${found.version} without pip` : 'no Python 3.9 or newer';
  return { name: 'python', status, found: what, advice: pythonAdvice };
}

function tensorflow(): Check {
  const installed = installedTensorflow();
  if (!installed || !addonIsBuilt())
    return { name: 'tensorflow', status: 'failed', found: 'not set up', advice: [runSetup] };
  const probe = probeTensorflow();
  if ('error' in probe)
    return { name: 'tensorflow', status: 'failed', found: 'does not load', advice: [...probe.error, runSetup] };
  const processor = `CPU (${availableParallelism()} threads, ${cpus()[0]?.model.trim() ?? 'unknown'})`;
  const found = `${probe.version}, ${installed.build === 'gpu' ? 'CUDA' : 'CPU'} build, device: ${probe.gpu ? 'GPU' : processor}`;
  if (installed.build === 'cpu' || probe.gpu) return ok('tensorflow', found);
  const advice = ['No CUDA device was found: see `nvidia-smi` and docs/gpu.md.'];
  return { name: 'tensorflow', status: 'warning', found, advice };
}

/** Returns whether something at host:port accepts a connection within two seconds. */
function answers(address: string): Promise<boolean> {
  const { host, port } = parseAddress(address, 'TEMPORAL_ADDRESS');
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: 2000 });
    const end = (result: boolean) => {
      socket.destroy();
      resolve(result);
    };
    socket.once('connect', () => end(true));
    socket.once('timeout', () => end(false));
    socket.once('error', () => end(false));
  });
}

async function temporal(): Promise<Check> {
  const failed = (found: string, advice = temporalAdvice): Check => ({
    name: 'temporal',
    status: 'failed',
    found,
    advice,
  });
  let source;
  try {
    source = findTemporal();
  } catch (error) {
    return failed((error as Error).message.split('\n')[0]!);
  }
  if (!source) return failed('no server and no `temporal` command', [runSetup, ...temporalAdvice]);
  if (source.source === 'TEMPORAL_ADDRESS') {
    try {
      parseAddress(source.value, 'TEMPORAL_ADDRESS');
    } catch (error) {
      return failed((error as Error).message, []);
    }
    if (await answers(source.value)) return ok('temporal', `server at ${source.value} (TEMPORAL_ADDRESS)`);
    return failed(`no server answers at ${source.value} (TEMPORAL_ADDRESS)`, [
      'Start it, or unset TEMPORAL_ADDRESS: a run then starts its own development server.',
    ]);
  }
  const version = capture(source.value, ['--version'], { timeout: 10_000 });
  if (version.ok) return ok('temporal', `${version.stdout} (${source.source})`);
  return failed(`${source.value} does not run`, [version.stderr, runSetup]);
}

/** Weights, pictures and checkpoints of one run of the embedded default take a few hundred megabytes. */
function disk(): Check {
  const { bavail, bsize } = statfsSync(process.cwd());
  const found = `${gigabytes(bavail * bsize)} free in ${process.cwd()}`;
  if (bavail * bsize >= 5e9) return ok('disk', found);
  const status = bavail * bsize < 1e9 ? 'failed' : 'warning';
  return { name: 'disk', status, found, advice: ['The embedded default needs 1 GB, a Stable Diffusion run 30 GB.'] };
}

function memory(): Check {
  const limit = process.constrainedMemory();
  const bytes = limit > 0 && limit < totalmem() ? limit : totalmem();
  if (bytes >= 4e9) return ok('memory', gigabytes(bytes));
  const advice = ['The embedded default needs 4 GB, Stable Diffusion 1.5 at least 16 GB.'];
  return { name: 'memory', status: 'warning', found: gigabytes(bytes), advice };
}

/** Checks that a development server may listen on the loopback interface. */
async function ports(): Promise<Check> {
  const name = 'ports';
  const advice = ['Allow listening on 127.0.0.1, or set TEMPORAL_ADDRESS to a server that runs elsewhere.'];
  const error = await listenError(0);
  return error ? { name, status: 'failed', found: error.message, advice } : ok(name, 'servers can listen on 127.0.0.1');
}

async function world(): Promise<Check> {
  const missing = WORLD_NAMES.map((name) => `world/${name}/manifest.json`).filter(
    (path) => !existsSync(join(root, path)),
  );
  if (missing.length === 0) return ok('world', 'the embedded models exist');
  const advice = ['git checkout -- world   restores them; `textcraftor world build --world NAME` trains one again.'];
  return { name: 'world', status: 'failed', found: `${missing.join(' and ')} is missing`, advice };
}

/** Checks everything that a run needs from the machine and the checkout, in the order of the set-up. */
export async function runChecks(): Promise<Check[]> {
  return [
    node(),
    packages(),
    compiler(),
    python(),
    tensorflow(),
    await temporal(),
    disk(),
    memory(),
    await ports(),
    await world(),
  ];
}
