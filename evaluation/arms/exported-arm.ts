import { interpolateWeights } from '../../models/interpolate.ts';
import { saveTextEncoder } from '../../models/folder/network-folder.ts';
import { loadTextEncoder, type LoadedPipeline } from '../../models/folder/pipeline-folder.ts';
import { EXPORTED } from './arm-names.ts';
import { exportedEncoder } from './exported-encoder.ts';
import type { Arms, ArmSource } from './arms.ts';
import type { Candidate, Tuned } from './candidates.ts';
import type { Sweep } from '../results.ts';
import { pathAt } from '../comparison/setup.ts';

/** Lists the exported candidates: each finalist's weight change at every share among the blends, with its UNet. */
export function exportCandidates(
  { encoders, unets }: Tuned,
  finalists: readonly Sweep['chosen'][],
  blends: readonly number[],
): (Candidate & { encoder: string })[] {
  const shares = [...new Set(blends)].filter((blend) => blend > 0);
  return finalists.flatMap(({ step, unetStep }) => {
    const encoder = pathAt(encoders, step)!;
    const unet = pathAt(unets, unetStep);
    return shares.map((blend) => ({
      step,
      encoder,
      blend,
      ...(unet === undefined ? {} : { unetStep: unetStep!, unet }),
    }));
  });
}

/** Writes the model's own text encoder plus `weight` of a tuned one's weight change, as `textcraftor export` does. */
export async function writeExportedEncoder(
  folder: string,
  { config, weights, folder: model }: LoadedPipeline,
  encoder: string,
  weight: number,
): Promise<void> {
  const tuned = { weights: await loadTextEncoder(encoder), source: encoder };
  await saveTextEncoder(folder, config.textEncoder, interpolateWeights(tuned, weights.textEncoder, weight, model));
}

/** Returns the arm of the exported files. @param sweep the sweep's artifact */
export function exportedArm(arms: Arms, sweep: string, { unets }: Tuned, { exported }: Sweep): ArmSource {
  const { step, unetStep } = exported.chosen;
  return arms.inPlace(EXPORTED, step === 0 ? undefined : exportedEncoder(sweep), pathAt(unets, unetStep));
}
