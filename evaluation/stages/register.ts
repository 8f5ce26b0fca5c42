import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256File } from '../../common/files.ts';
import { readResult, writeResult } from '../../common/files/result-file.ts';
import { mean } from '../../common/statistics.ts';
import { TEXT_ENCODER_FILE, UNET_FILE } from '../../models/folder/weight-names.ts';
import type { SamplerSettings } from '../../models/sampling/sampler-settings.ts';
import type { StageContext } from '../../pipeline/stage.ts';
import { CHAMPION, CHAMPION_EXPORTED, CHOSEN, EXPORTED } from '../arms/arm-names.ts';
import { exportedEncoder } from '../arms/exported-encoder.ts';
import { DIVERSITY } from '../comparison/metrics.ts';
import { REGISTERED } from '../evaluation-names.ts';
import { REGISTRATION, type DiversityShares, type Registration } from '../registration.ts';
import { COMPARISONS, SCORES, SWEEP, type Scores } from '../results.ts';
import { KEPT_ENCODERS, KEPT_UNETS, stepFolder } from '../../training/training-names.ts';

export interface RegisterConfig {
  /** The evaluation's sampler. */
  sampler: SamplerSettings;
}

/**
 * Collects what a registry keeps of a run: the chosen encoder and its exported files, as folders in transformers' layout, and
 * their results. It is self-contained, so everything else of the run may be deleted.
 */
export async function run(
  context: StageContext<RegisterConfig, 'tune-encoder' | 'sweep' | 'evaluate', 'tune-unet'>,
): Promise<void> {
  const { config, inputs, output, seed } = context;
  const { chosen, exported } = await readResult(SWEEP, inputs.sweep);
  const all = await readResult(COMPARISONS, inputs.evaluate);
  const { scores, samplesPerPrompt } = await readResult(SCORES, inputs.evaluate);
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
          sha256: await copy(kept(inputs['tune-encoder'], KEPT_ENCODERS, step), REGISTERED.encoder, TEXT_ENCODER_FILE),
          step,
          blend,
        };
  const exportedEntry =
    encoder === null || exported.chosen.step === 0
      ? null
      : {
          sha256: await copy(exportedEncoder(inputs.sweep), REGISTERED.exported, TEXT_ENCODER_FILE),
          step: exported.chosen.step,
          weight: exported.chosen.blend,
          ...sharesOf(scores, EXPORTED, { base: 'base', champion: CHAMPION_EXPORTED }),
        };
  const registration: Registration = {
    encoder,
    exported: exportedEntry,
    ...(unetStep === undefined
      ? {}
      : {
          unet: {
            sha256: await copy(
              kept(inputs['tune-unet'] ?? inputs['tune-encoder'], KEPT_UNETS, unetStep),
              REGISTERED.unet,
              UNET_FILE,
            ),
            step: unetStep,
          },
        }),
    measured: { sampler: config.sampler, samplesPerPrompt, seed },
    comparisons: all.filter(({ arm }) => arm === CHOSEN || arm === EXPORTED),
    ...sharesOf(scores, CHOSEN, { base: 'base', champion: CHAMPION }),
  };
  await writeResult(REGISTRATION, output, registration);
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
