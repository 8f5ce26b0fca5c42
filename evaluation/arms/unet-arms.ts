import { base, type Arms, type ArmSource } from './arms.ts';
import type { Tuned } from './candidates.ts';
import type { Sweep } from '../results.ts';
import { PAIRS } from '../evaluation-names.ts';
import { pathAt } from '../comparison/setup.ts';

export { PAIRS };

/** Returns the final UNet alone, and with the final encoder; nothing if no UNet was tuned. */
export function armsWithUnet(arms: Arms, { encoders, unets, joint }: Tuned, fusion: boolean): ArmSource[] {
  const unet = unets.at(-1)?.path;
  if (unet === undefined) return [];
  const pair: (typeof PAIRS)[number] = joint ? 'joint' : fusion ? 'fusion' : 'encoder+unet';
  return [arms.withUnet('unet', base, unet), arms.tuned(pair, encoders.at(-1)!.path, 1, unet)];
}

/** Returns the arm chosen on validation prompts. */
export function chosenArm(arms: Arms, { encoders, unets }: Tuned, chosen: Sweep['chosen']): ArmSource {
  return arms.tuned('chosen', pathAt(encoders, chosen.step), chosen.blend, pathAt(unets, chosen.unetStep));
}
