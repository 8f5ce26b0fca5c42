import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Measured } from './measured.ts';
import { countPairs } from './pairs.ts';
import { writeCorpus } from './write-corpus.ts';

export interface StepOptions {
  work: string;
  shards: number;
  tokenizer: string;
  python: string | undefined;
}

const seed = 1;
/** Planted pairs are counted up to this many rows: the generator's side of them is held in memory. */
const pairRows = 1_000_000;

/** Returns the rows as CSV files, and writes them if they do not exist. */
export async function corpus(work: string, rows: number): Promise<string> {
  const folder = join(work, `corpus-${rows}`);
  if (existsSync(folder)) return folder;
  await writeCorpus(`${folder}.tmp`, rows, 'csv', seed);
  await rename(`${folder}.tmp`, folder);
  return folder;
}

/** Runs a step (see {@link Measured.name}) in a separate process. */
export async function measure(name: string, rows: number, options: StepOptions): Promise<Measured> {
  return name === 'textcraftor' || name === 'near' ? ours(name, rows, options) : peer(name, rows, options);
}

async function ours(name: 'textcraftor' | 'near', rows: number, options: StepOptions): Promise<Measured> {
  const { shards, tokenizer } = options;
  const filterConfig = {
    minCharacters: 3,
    maxCharacters: 1000,
    maxTokens: 77,
    overlong: 'truncate',
    blocked: [],
    tokenizer,
    ...(name === 'near' ? { nearDuplicates: { similarity: 0.65, keep: 1 } } : {}),
  };
  const work = await emptied(join(options.work, 'ours'));
  const order = { source: await corpus(options.work, rows), work, shards, rows, filterConfig };
  const measured = { ...(await node<Measured>('pipeline.ts', JSON.stringify(order))), name };
  if (name === 'textcraftor') return { ...measured, stream: await node('stream.ts', join(work, 'shard')) };
  if (rows > pairRows) return measured;
  return { ...measured, pairs: await countPairs(join(work, 'filter'), options.work, rows, seed) };
}

async function peer(name: string, rows: number, options: StepOptions): Promise<Measured> {
  const [tool, tokens] = name.split('-') as [string, string?];
  const out = await emptied(join(options.work, 'peer'));
  const measured = await lastLine<Omit<Measured, 'name' | 'rows'>>(options.python!, [
    join(import.meta.dirname, '../peer/prompts.py'),
    tool,
    await corpus(options.work, rows),
    out,
    String(options.shards),
    ...(tokens ? ['--tokenizer', options.tokenizer] : []),
  ]);
  await rm(out, { recursive: true });
  return { name, rows, ...measured };
}

async function emptied(folder: string): Promise<string> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  return folder;
}

function node<T>(script: string, argument: string): Promise<T> {
  return lastLine(process.execPath, ['--import', 'tsx', join(import.meta.dirname, script), argument]);
}

/** Runs a program that prints JSON on its last line. */
async function lastLine<T>(command: string, parameters: string[]): Promise<T> {
  const { stdout } = await promisify(execFile)(command, parameters, { maxBuffer: 1 << 26 });
  return JSON.parse(stdout.trim().split('\n').at(-1)!) as T;
}
