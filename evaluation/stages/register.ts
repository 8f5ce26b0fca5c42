import { cp, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { canonicalJson, sha256File, writeFileAtomic } from '../../common/files.ts';
import { mean } from '../../common/statistics.ts';
import type { StageContext } from '../../pipeline/stage.ts';
import { DIVERSITY } from '../metrics.ts';
import type { NamedComparison, Scores, Sweep } from '../report/data.ts';

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
  /** The tuned UNet that was chosen with it, in `unet/`: of `unet/diffusion_pytorch_model.safetensors`, and its training step. */
  unet?: { sha256: string; step: number };
  /** The chosen encoder against the base, and against the champion where there is one, on test prompts. */
  comparisons: NamedComparison[];
  /** Where it was measured: how much the pictures of a prompt differ, as a share of the base's and of the champion's. */
  diversity?: Record<string, number>;
}

/**
 * Puts together what a registry keeps of a run: the chosen encoder as a folder in transformers' layout, and how it did.
 * It stands for itself, so that everything else of the run may be deleted.
 */
export async function run(
  context: StageContext<object, 'tune-encoder' | 'sweep' | 'evaluate', 'tune-unet'>,
): Promise<void> {
  const { inputs, output } = context;
  const { chosen } = await readJson<Sweep>(inputs.sweep, 'sweep.json');
  const all = await readJson<NamedComparison[]>(inputs.evaluate, 'comparisons.json');
  const { scores } = await readJson<Scores>(inputs.evaluate, 'scores.json');
  const diversity = diversityShares(scores);
  const original = chosen.step === 0 || chosen.blend === 0;
  const { step, blend, unetStep } = chosen;
  if (!original) await copyNetwork(join(inputs['tune-encoder'], 'encoder'), step, join(output, 'encoder'));
  if (unetStep !== undefined)
    await copyNetwork(join(inputs['tune-unet'] ?? inputs['tune-encoder'], 'unet'), unetStep, join(output, 'unet'));
  const digest = (...path: string[]) => sha256File(join(output, ...path));
  const registration: Registration = {
    encoder: original ? null : { sha256: await digest('encoder', 'model.safetensors'), step, blend },
    ...(unetStep === undefined
      ? {}
      : { unet: { sha256: await digest('unet', 'diffusion_pytorch_model.safetensors'), step: unetStep } }),
    comparisons: all.filter(({ arm }) => arm === 'chosen'),
    ...(Object.keys(diversity).length > 0 ? { diversity } : {}),
  };
  await writeFileAtomic(join(output, 'registration.json'), `${canonicalJson(registration)}\n`);
}

function diversityShares(scores: Scores['scores']): Record<string, number> {
  const of = (arm: string) => {
    const known = scores[arm]?.[DIVERSITY]?.filter((value) => value !== null);
    return known?.length ? mean(known) : undefined;
  };
  const own = of('chosen');
  return Object.fromEntries(
    ['base', 'champion'].flatMap((rival) => {
      const other = of(rival);
      return own === undefined || !other ? [] : [[rival, own / other]]; // pictures that do not differ say nothing
    }),
  );
}

/** Only the last one of a tuning has its config.json beside it. */
async function copyNetwork(kept: string, step: number, to: string): Promise<void> {
  await cp(join(kept, `step-${String(step).padStart(6, '0')}`), to, { recursive: true });
  await cp(join(kept, 'final', 'config.json'), join(to, 'config.json'));
}

async function readJson<T>(folder: string, file: string): Promise<T> {
  return JSON.parse(await readFile(join(folder, file), 'utf8')) as T;
}
