import { z } from 'zod';

/**
 * The numbers of a configuration. Each has an upper bound far above any use, so that a slip of the keyboard is refused
 * with the bound in the message, instead of ending hours later in a full disk or memory.
 */

/** Largest float32: weights and sums are computed in float32. */
const LARGEST = (2 - 2 ** -23) * 2 ** 127;
/** Pictures that one stage makes of one encoder; a score of each is held in memory. */
export const MOST_PICTURES = 10_000_000;

export const whole = z.int().min(0);
export const positive = z.int().min(1);
export const float32 = z.number().min(-LARGEST).max(LARGEST);
/** A weight or factor that is not negative. */
export const factor = z.number().min(0).max(LARGEST);
export const share = z.number().min(0).max(1);
/** Random streams are keyed by 32 bits of it. */
export const seed = whole.max(2 ** 32 - 1);
/** Adam moves each parameter by about the learning rate. */
export const rate = z.number().positive().max(10);
const MOST_STEPS = 10_000_000;
/** Steps of tuning, and numbers that count some of them. */
export const tuningSteps = positive.max(MOST_STEPS);
export const warmupSteps = whole.max(MOST_STEPS);
/** Denoising steps: no noise schedule has more. */
export const denoisingSteps = positive.max(1_000_000);
/** Samples held in memory at once. */
export const batch = positive.max(65_536);
/** Prompts of a source. */
export const rows = positive.max(10_000_000_000);
/** Prompts to start from or to compare on, and pictures of each. */
export const promptCount = positive.max(MOST_PICTURES);
export const samplesPerPrompt = positive.max(10_000);
/** Prompts whose pictures are kept as files. */
export const keptPictures = whole.max(100_000);
/** A record's file name has six digits. */
export const versionNumber = positive.max(999_999);
