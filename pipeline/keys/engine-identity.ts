import { readdirSync, readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { arch, cpus } from 'node:os';
import { dirname, join } from 'node:path';
import type { EngineSettings } from '../common-settings.ts';

/** What TensorFlow's results depend on, to the bit, besides the graph and its inputs. */
export interface EngineDescription {
  /** The library's build. */
  library: unknown;
  /** What the add-on that calls it, with operations of this project, was built from and by. */
  addon: string;
  /** Vector instructions, which choose the kernels. */
  processor: string[];
  /** Graphics processors, by model; empty where TensorFlow computes on the CPU. */
  graphics: string[];
  xla: boolean;
  /** Where it is not float32. */
  dtype?: string;
  /** Where there are several. */
  lanes?: number;
}

const require = createRequire(import.meta.url);

/** @param tools the folder with the set-up's TensorFlow */
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

/** Flags of the first processor on Linux; elsewhere its name stands for them. */
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
