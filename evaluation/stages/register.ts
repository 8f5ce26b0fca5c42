import { cp, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { canonicalJson, sha256File, writeFileAtomic } from '../../common/files.ts';
import type { StageContext } from '../../pipeline/stage.ts';
import type { NamedComparison, Sweep } from '../report/data.ts';

/** registration.json. */
export interface Registration {
  /** The encoder that validation prompts chose, in `encoder/`; null when that is the original one. */
  encoder: {
    /** Of `encoder/model.safetensors`. */
    sha256: string;
    /** The training step, and the weight of its embeddings beside the original ones. */
    step: number;
    blend: number;
  } | null;
  /** The chosen encoder against the base, and against the champion where there is one, on test prompts. */
  comparisons: NamedComparison[];
}

/**
 * Puts together what a registry keeps of a run: the chosen encoder as a folder in transformers' layout, and how it did.
 * It stands for itself, so that everything else of the run may be deleted.
 */
export async function run(context: StageContext<object, 'tune-encoder' | 'sweep' | 'evaluate'>): Promise<void> {
  const { inputs, output } = context;
  const { chosen } = await readJson<Sweep>(inputs.sweep, 'sweep.json');
  const all = await readJson<NamedComparison[]>(inputs.evaluate, 'comparisons.json');
  const original = chosen.step === 0 || chosen.blend === 0;
  if (!original) await copyEncoder(join(inputs['tune-encoder'], 'encoder'), chosen.step, join(output, 'encoder'));
  const registration: Registration = {
    encoder: original ? null : { sha256: await sha256File(join(output, 'encoder', 'model.safetensors')), ...chosen },
    comparisons: all.filter(({ arm }) => arm === 'chosen'),
  };
  await writeFileAtomic(join(output, 'registration.json'), `${canonicalJson(registration)}\n`);
}

/** Only the last encoder of a tuning has its config.json beside it. */
async function copyEncoder(kept: string, step: number, to: string): Promise<void> {
  await cp(join(kept, `step-${String(step).padStart(6, '0')}`), to, { recursive: true });
  await cp(join(kept, 'final', 'config.json'), join(to, 'config.json'));
}

async function readJson<T>(folder: string, file: string): Promise<T> {
  return JSON.parse(await readFile(join(folder, file), 'utf8')) as T;
}
