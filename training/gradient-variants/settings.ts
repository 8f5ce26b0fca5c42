import type { Generator } from '../generator/generator.ts';
import { draftLv } from './draft-lv.ts';
import { last } from './last.ts';
import { random } from './random-steps.ts';
import type { GradientVariant } from './variant.ts';

/** `gradient` of a configuration: which of the last K steps carry gradient (last.ts, random.ts, draft-lv.ts). */
export type GradientSettings =
  { type: 'last'; steps?: number | undefined } | { type: 'random' } | { type: 'draft-lv'; repeats: number };

/** Makes the variant that the settings name. @param seed for the random ones */
export function gradientVariant(
  settings: GradientSettings,
  { lastLevel }: Pick<Generator, 'lastLevel'>,
  seed: number,
): GradientVariant {
  switch (settings.type) {
    case 'last':
      return last(settings.steps);
    case 'random':
      return random(seed);
    case 'draft-lv':
      return draftLv(settings.repeats, lastLevel!, seed);
  }
}
