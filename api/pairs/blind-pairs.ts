import { mkdir, rename, rm } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { basename, dirname, join, resolve } from 'node:path';
import { InputError, RunError } from '../../common/errors.ts';
import { writeFileAtomic } from '../../common/files.ts';
import { makePairs, type EvaluationSource, type PairChoice } from '../../evaluation/pairs/picture-pairs.ts';
import type { PairKey } from '../../evaluation/pairs/pair-answers.ts';
import { pairSheets } from '../../evaluation/pairs/pair-sheet.ts';
import type { Config } from '../../pipeline/config/config.ts';
import type { Home } from '../../pipeline/runs/home.ts';
import { RunRecords, type Run } from '../../pipeline/runs/runs.ts';
import { ArtifactStore } from '../../pipeline/store/artifact-store.ts';
import { evaluate } from '../../pipeline/textcraftor.ts';
import { requireEmpty } from '../export/export-model.ts';

export interface BlindPairsOptions {
  /** The run's id, or `latest`. */
  run: string;
  /** Two arms of its evaluation; the second is the one to be told as the better. */
  arms: readonly [string, string];
  /** Number of pairs: at most the run's `evaluate.prompts`. */
  count: number;
  /** Draws the prompts and which arm is on which side. */
  seed: number;
  /** A new folder. */
  out: string;
}

/** The files written. */
export interface BlindPairs {
  run: string;
  sheets: string[];
  /** Says which side is which; who judges must not see it. */
  key: string;
}

/**
 * Draws pairs of a run's pictures to be judged blind: two arms, same prompt, same start noise, sides hidden. Makes the
 * pictures again from the run's networks, and writes contact sheets (`pairs.png`, or `pairs-1.png` ... when one would be
 * larger than 2,000 pixels), `prompts.txt` and `key.json`. Same options, same bytes.
 * @throws InputError when the run has not chosen an encoder yet, for an unknown arm, for two arms that are the same, for
 *   more pairs than prompts, and when `out` is not empty
 * @example
 * ```ts
 * import { writeBlindPairs } from './api/pairs/blind-pairs.ts';
 * import { Home } from './pipeline/runs/home.ts';
 *
 * const options = { run: 'latest', arms: ['base', 'exported'], count: 40, seed: 1, out: 'pairs' } as const;
 * const { sheets } = await writeBlindPairs(new Home('.textcraftor'), options);
 * console.log(sheets); // ['pairs/pairs-1.png', ...]
 * ```
 */
export async function writeBlindPairs(
  home: Home,
  { run: name, out: folder, ...choice }: BlindPairsOptions,
  progress: (done: number, total: number) => void = () => {},
): Promise<BlindPairs> {
  const out = resolve(folder);
  await requireEmpty(out);
  const { arms, seed } = choice;
  if (arms[0] === arms[1]) throw new InputError(`--arms names "${arms[0]}" twice; name two arms.`);
  const records = new RunRecords(home);
  const run = await records.read(name);
  const source = await evaluationOf(home, run, (await records.config(run.id)) as Config);
  const made = await makePairs(source, choice satisfies PairChoice, progress);
  const pairs = made.pairs.map(({ pictures: _, ...pair }) => pair);
  const sheets = pairSheets(made);
  const key: PairKey = { format: 1, run: run.id, arms: [...arms], seed, pairs };
  const names = sheets.map((_, i) => (sheets.length === 1 ? 'pairs.png' : `pairs-${i + 1}.png`));
  await writeFolder(out, {
    ...Object.fromEntries(names.map((file, i) => [file, sheets[i]!])),
    'prompts.txt': pairs.map(({ pair, prompt }) => `${pair}\t${prompt.replace(/\s+/g, ' ')}\n`).join(''),
    'key.json': `${JSON.stringify(key, null, 2)}\n`,
  });
  return { run: run.id, sheets: names.map((file) => join(folder, file)), key: join(folder, 'key.json') };
}

/** Finds what a run's evaluation was made from. @throws InputError before it is there, RunError when it is damaged */
async function evaluationOf(home: Home, run: Run, config: Config): Promise<EvaluationSource> {
  const store = new ArtifactStore(home.artifacts);
  const inputs: Record<string, string> = {};
  for (const stage of [...evaluate.inputs, ...(evaluate.optionalInputs ?? [])]) {
    const artifact = run.stages.find(({ name }) => name === stage)?.artifact;
    if (artifact) {
      const damage = await store.damage(artifact.sha256);
      if (damage !== undefined)
        throw new RunError(
          `The artifact of stage ${stage} of run ${run.id} ${damage}; make it again with: textcraftor resume ${run.id}`,
        );
      inputs[stage] = store.folder(artifact.sha256);
    } else if (evaluate.inputs.some((needed) => needed === stage))
      throw new InputError(
        `Run ${run.id} has no pictures to compare yet: its stage ${stage} is not done. See: textcraftor status ${run.id}`,
      );
  }
  return { config: evaluate.config(config), inputs: inputs as EvaluationSource['inputs'], seed: config.seed };
}

/** Writes a new folder completely or not at all. */
async function writeFolder(out: string, files: Readonly<Record<string, Uint8Array | string>>): Promise<void> {
  const draft = join(dirname(out), `.${basename(out)}.${randomUUID()}.tmp`);
  try {
    await mkdir(draft, { recursive: true });
    for (const [name, content] of Object.entries(files)) await writeFileAtomic(join(draft, name), content);
    await rename(draft, out);
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    throw error;
  }
}
