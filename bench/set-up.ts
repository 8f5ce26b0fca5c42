/** Prerequisites of a benchmark: the peer's Python, the models, a description of the machine. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const peer = join(root, 'bench', 'peer');

/** Returns a Python with torch: the one given, or the benchmarks' own virtual environment, created if missing. */
export function peerPython(given: string | undefined): string {
  if (given) return given;
  const folder = join(root, '.tools', 'bench');
  const python = join(folder, 'bin', 'python');
  if (!existsSync(join(folder, 'ready'))) {
    const run = (command: string, ...args: string[]) => execFileSync(command, args, { stdio: 'inherit' });
    run('python3', '-m', 'venv', folder);
    run(python, '-m', 'pip', 'install', '-r', join(peer, 'requirements.txt'));
    run('touch', join(folder, 'ready'));
  }
  return python;
}

/** Writes random models of full size to `folder`, once (6 GB). */
export function fullSizeModels(folder: string, python: string): void {
  if (existsSync(join(folder, 'model', 'model_index.json'))) return;
  mkdirSync(folder, { recursive: true });
  const tokenizer = join(root, 'world', 'shapes', 'base', 'tokenizer');
  execFileSync(python, [join(peer, 'models.py'), folder, tokenizer], { stdio: 'inherit' });
}

export interface Machine {
  processor: string;
  cores: number;
  memoryGiB: number;
  node: string;
  peer: Record<string, string>;
}

export function describeMachine(python: string): Machine {
  const versions =
    'import json, torch, diffusers, transformers; print(json.dumps({m.__name__: m.__version__ for m in (torch, diffusers, transformers)}))';
  const memory = Number(/MemTotal:\s+(\d+)/.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1] ?? totalmem() / 1024);
  return {
    processor: cpus()[0]!.model,
    cores: cpus().length,
    memoryGiB: Math.round(memory / 2 ** 20),
    node: process.version,
    peer: JSON.parse(spawnSync(python, ['-c', versions], { encoding: 'utf8' }).stdout) as Record<string, string>,
  };
}
