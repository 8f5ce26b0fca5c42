import { InputError } from '../../common/errors.ts';
import type { BenchmarkSpec } from '../../datasets/rules/benchmarks.ts';
import type { Sweep } from '../results.ts';
import { blendArm } from '../evaluation-names.ts';
import { CHAMPION, CHAMPION_EXPORTED } from './arm-names.ts';
import { base, requireOwnNames, type Arms, type ArmSource, type ArmSpec } from './arms.ts';
import { baselineArms, type BaselineInput } from './baseline-arms.ts';
import type { Tuned } from './candidates.ts';
import { exportedArm } from './exported-arm.ts';
import { armsWithUnet, chosenArm } from './unet-arms.ts';

/** Settings that say which arms an evaluation has. */
export interface ArmsConfig {
  /** Weights of the final encoder on the control curve, besides 0 (the base) and 1 (the arm `tuned`). */
  blends: number[];
  /** Additional arms: mixes of encoders, another encoder. */
  arms?: ArmSpec[] | undefined;
  /**
   * The UNet was tuned with the original encoder, so it is combined with the tuned one without retraining.
   */
  fusion?: boolean;
  /**
   * The champion to compare with: an encoder (folder or safetensors file) and a UNet, the weight of the encoder's
   * embeddings, and the champion's export, used in all steps.
   */
  champion?: { encoder: string; unet?: string | undefined; blend: number; exported?: string | undefined };
}

/** Artifacts that an evaluation's arms are made from, by stage. */
export type ArmInputs = Readonly<Record<'tune-encoder' | 'sweep', string>> &
  Readonly<Partial<Record<'tune-unet' | BaselineInput, string>>>;

/** Makes the sources of all arms of an evaluation. @throws InputError if two have the same name */
export async function evaluatedArms(
  { blends, champion, fusion = false, arms: more = [] }: ArmsConfig,
  inputs: ArmInputs,
  arms: Arms,
  tuned: Tuned,
  sweep: Sweep,
): Promise<ArmSource[]> {
  const final = tuned.encoders.at(-1)!.path;
  const sources: ArmSource[] = [
    base,
    ...blends.filter((weight) => weight !== 1).map((weight) => arms.blend(blendArm(weight), final, weight)),
    arms.blend('tuned', final, 1),
    // Step 0 is the original encoder: nothing better was found.
    chosenArm(arms, tuned, sweep.chosen),
    exportedArm(arms, inputs.sweep, tuned, sweep),
    ...armsWithUnet(arms, tuned, fusion),
    ...(await baselineArms(arms, inputs, sweep)),
    ...(champion ? championArms(arms, champion) : []),
    ...more.map((spec) => arms.mix(spec)),
  ];
  requireOwnNames(sources);
  return sources;
}

/** Returns whether an arm has its own UNet. */
export const needsSecondUnet = ({ champion }: ArmsConfig, inputs: ArmInputs, { unets }: Tuned): boolean =>
  unets.length > 0 || (champion?.unet ?? inputs['ddpo-unet']) !== undefined;

function championArms(arms: Arms, champion: NonNullable<ArmsConfig['champion']>): ArmSource[] {
  const { encoder, blend, unet, exported } = champion;
  const evaluated = arms.tuned(CHAMPION, encoder, blend, unet);
  return exported === undefined ? [evaluated] : [evaluated, arms.inPlace(CHAMPION_EXPORTED, exported, unet)];
}

/** Returns the base and the arms that a benchmark asks for. @throws InputError if this run lacks one */
export function armsOn({ name, arms }: BenchmarkSpec, sources: readonly ArmSource[]): readonly ArmSource[] {
  if (arms === undefined) return sources;
  const lacking = arms.find((arm) => sources.every((source) => source.name !== arm));
  if (lacking !== undefined)
    throw new InputError(
      `Benchmark "${name}" compares the arm ${lacking}, which this run does not have; it has ${sources.map((source) => source.name).join(', ')}.`,
    );
  return sources.filter((source) => source === base || arms.includes(source.name));
}
