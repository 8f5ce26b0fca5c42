import { readdirSync, readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { arch, cpus } from 'node:os';
import { dirname, join } from 'node:path';
import type { EngineSettings } from '../common-settings.ts';

/** Everything besides the graph and its inputs that determines TensorFlow's results bit for bit. */
export interface EngineDescription {
  /** The library's build. */
  library: unknown;
  /** Sources and compiler of the add-on that calls TensorFlow and holds this project's own operations. */
  addon: string;
  /** Vector instructions, which determine the kernels. */
  processor: string[];
  /** Graphics processors, by model; empty where TensorFlow computes on the CPU. */
  graphics: string[];
  xla: boolean;
  /** Compute type, if not float32. */
  dtype?: string;
  /** Number of lanes, if more than one. */
  lanes?: number;
}

const require = createRequire(import.meta.url);

/** Describes the engine. @param tools the folder with TensorFlow as set up */
export function describeEngine(
  { xla, dtype = 'float32', lanes = 1 }: EngineSettings,
  tools: string,
): EngineDescription {
  return {
    library: libraryBuild(join(tools, 'tensorflow')),
    addon: addonBuild(),
    processor: vectorInstructions(),
    graphics: graphicsModels(),
    xla,
    ...(dtype === 'float32' ? {} : { dtype }),
    ...(lanes === 1 ? {} : { lanes }),
  };
}

function libraryBuild(folder: string): unknown {
  try {
    return (JSON.parse(readFileSync(join(folder, 'installed.json'), 'utf8')) as { wheels: string[] }).wheels;
  } catch {
    return statSync(join(folder, 'tensorflow', 'libtensorflow_cc.so.2'), { throwIfNoEntry: false })?.size ?? 'unknown';
  }
}

function addonBuild(): string {
  const folder = dirname(require.resolve('@tensorflow/tfjs-node-gpu/package.json'));
  return readFileSync(join(folder, 'lib/napi-v8/tfjs_binding.node.digest'), 'utf8');
}

/** Returns the flags of the first processor on Linux; elsewhere its name. */
function vectorInstructions(): string[] {
  try {
    const flags = /^(?:flags|Features)\s*:(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1] ?? '';
    return [
      arch(),
      ...flags
        .split(' ')
        .filter((flag) => /^(avx|fma|f16c|amx|sve|bf16|asimd)/.test(flag))
        .toSorted(),
    ];
  } catch {
    return [arch(), cpus()[0]?.model ?? 'unknown'];
  }
}

function graphicsModels(): string[] {
  const folder = '/proc/driver/nvidia/gpus';
  try {
    const files = readdirSync(folder).map((name) => readFileSync(join(folder, name, 'information'), 'utf8'));
    return files.map((text) => /^Model:\s*(.*)$/m.exec(text)?.[1] ?? 'unknown').toSorted();
  } catch {
    return [];
  }
}
