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
  /** The tuned UNet that was chosen with it, in `unet/`: of `unet/diffusion_pytorch_model.safetensors`, and its training step. */
  unet?: { sha256: string; step: number };
  /** The chosen encoder against the base, and against the champion where there is one, on test prompts. */
  comparisons: NamedComparison[];
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
  const original = chosen.step === 0 || chosen.blend === 0;
  const { step, blend, unetStep } = chosen;
  if (!original) await copyNetwork(join(inputs['tune-encoder'], 'encoder'), step, join(output, 'encoder'));
  if (unetStep !== undefined)
    await copyNetwork(join(inputs['tune-unet'] ?? inputs['tune-encoder'], 'unet'), unetStep, join(output, 'unet'));
  const digest = (...path: string[]) => sha256File(join(output, ...path));
  const registration: Registration = {
    encoder: original ? null : { sha256: await digest('encoder', 'model.safetensors'), step, blend },
    ...(unetStep === undefined ? {} : { unet: { sha256: await digest('unet', 'diffusion_pytorch_model.safetensors'), step: unetStep } }), // prettier-ignore
    comparisons: all.filter(({ arm }) => arm === 'chosen'),
  };
  await writeFileAtomic(join(output, 'registration.json'), `${canonicalJson(registration)}\n`);
}

/** Only the last one of a tuning has its config.json beside it. */
async function copyNetwork(kept: string, step: number, to: string): Promise<void> {
  await cp(join(kept, `step-${String(step).padStart(6, '0')}`), to, { recursive: true });
  await cp(join(kept, 'final', 'config.json'), join(to, 'config.json'));
}

async function readJson<T>(folder: string, file: string): Promise<T> {
  return JSON.parse(await readFile(join(folder, file), 'utf8')) as T;
}
