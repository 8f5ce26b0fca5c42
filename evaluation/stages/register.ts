import { cp, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { canonicalJson, sha256File, writeFileAtomic } from '../../common/files.ts';
import { mean } from '../../common/statistics.ts';
import { TEXT_ENCODER_FILE, UNET_FILE } from '../../models/folder/weight-names.ts';
import type { SamplerSettings } from '../../models/sampling/sampler-settings.ts';
import type { StageContext } from '../../pipeline/stage.ts';
import { CHAMPION, CHAMPION_EXPORTED, CHOSEN, EXPORTED, exportedEncoder } from '../arms/arm-names.ts';
import { DIVERSITY } from '../comparison/metrics.ts';
import type { Scores, Sweep, NamedComparison } from '../results.ts';
import { stepFolder } from '../../training/training-names.ts';

export interface RegisterConfig {
  /** The evaluation's sampler. */
  sampler: SamplerSettings;
}

/** Diversity of a prompt's pictures, as a share of the base's and of the champion's, if measured. */
export type DiversityShares = Partial<Record<'base' | 'champion', number>>;

/** Settings with which the test pictures were made. */
export interface Measured {
  sampler: SamplerSettings;
  samplesPerPrompt: number;
  /** Seed of tuning and of the start noise. */
  seed: number;
}

/** Content of registration.json. */
export interface Registration {
  /** The encoder chosen on validation prompts, in `encoder/`; null if the original was chosen. */
  encoder: {
    /** sha256 of `encoder/model.safetensors`. */
    sha256: string;
    /** The training step, and the weight of its embeddings relative to the original ones. */
    step: number;
    blend: number;
  } | null;
  /**
   * The tuned UNet chosen with it, in `unet/`: sha256 of `unet/diffusion_pytorch_model.safetensors`, and training step.
   */
  unet?: { sha256: string; step: number };
  /**
   * The export, in `exported/`, for use in all steps (with the UNet, if there is one): sha256 of
   * `exported/model.safetensors`, training step, and share of the weight change. Null if no share was better than the
   * original.
   */
  exported: { sha256: string; step: number; weight: number; diversity?: DiversityShares } | null;
  /** Settings of the measurement; absent for a pipeline that makes no pictures. */
  measured?: Measured;
  /**
   * Comparisons of the chosen encoder and its export with the base, and with the champion if there is one, on test
   * prompts.
   */
  comparisons: NamedComparison[];
  /** Diversity of the chosen encoder's pictures. */
  diversity?: DiversityShares;
}

/**
 * Collects what a registry keeps of a run: the chosen encoder and its export, as folders in transformers' layout, and
 * their results. It is self-contained, so everything else of the run may be deleted.
 */
export async function run(
  context: StageContext<RegisterConfig, 'tune-encoder' | 'sweep' | 'evaluate', 'tune-unet'>,
): Promise<void> {
  const { config, inputs, output, seed } = context;
  const { chosen, exported } = await readJson<Sweep>(inputs.sweep, 'sweep.json');
  const all = await readJson<NamedComparison[]>(inputs.evaluate, 'comparisons.json');
  const { scores, samplesPerPrompt } = await readJson<Scores>(inputs.evaluate, 'scores.json');
  const { step, blend, unetStep } = chosen;
  const copy = async (from: string, to: string, file: string) => {
    await cp(from, join(output, to), { recursive: true });
    return sha256File(join(output, to, file));
  };
  const kept = (folder: string, network: string, step: number) => join(folder, network, stepFolder(step));
  const encoder =
    step === 0 || blend === 0
      ? null
      : {
          sha256: await copy(kept(inputs['tune-encoder'], 'encoder', step), 'encoder', TEXT_ENCODER_FILE),
          step,
          blend,
        };
  const handedOut =
    encoder === null || exported.chosen.step === 0
      ? null
      : {
          sha256: await copy(exportedEncoder(inputs.sweep), EXPORTED, TEXT_ENCODER_FILE),
          step: exported.chosen.step,
          weight: exported.chosen.blend,
          ...sharesOf(scores, EXPORTED, { base: 'base', champion: CHAMPION_EXPORTED }),
        };
  const registration: Registration = {
    encoder,
    exported: handedOut,
    ...(unetStep === undefined
      ? {}
      : {
          unet: {
            sha256: await copy(
              kept(inputs['tune-unet'] ?? inputs['tune-encoder'], 'unet', unetStep),
              'unet',
              UNET_FILE,
            ),
            step: unetStep,
          },
        }),
    measured: { sampler: config.sampler, samplesPerPrompt, seed },
    comparisons: all.filter(({ arm }) => arm === CHOSEN || arm === EXPORTED),
    ...sharesOf(scores, CHOSEN, { base: 'base', champion: CHAMPION }),
  };
  await writeFileAtomic(join(output, 'registration.json'), `${canonicalJson(registration)}\n`);
}

/** @param rivals the arms whose diversity `arm` is compared with */
function sharesOf(
  scores: Scores['scores'],
  arm: string,
  rivals: Record<keyof DiversityShares, string>,
): { diversity?: DiversityShares } {
  const of = (each: string) => {
    const known = scores[each]?.[DIVERSITY]?.filter((value) => value !== null);
    return known?.length ? mean(known) : undefined;
  };
  const own = of(arm);
  const shares = Object.entries(rivals).flatMap(([rival, other]) => {
    const measured = of(other);
    return own === undefined || !measured ? [] : [[rival, own / measured]]; // equal pictures allow no comparison
  });
  return shares.length > 0 ? { diversity: Object.fromEntries(shares) as DiversityShares } : {};
}

async function readJson<T>(folder: string, file: string): Promise<T> {
  return JSON.parse(await readFile(join(folder, file), 'utf8')) as T;
}
