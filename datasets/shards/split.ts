import { hash } from 'node:crypto';

export const splits = ['train', 'validation', 'test'] as const;
export type Split = (typeof splits)[number];

/** Shares of the prompts that are held out; what is left is for training. Each in [0, 1), together below 1. */
export interface SplitShares {
  validation: number;
  test: number;
}

/**
 * Identity of a normalized prompt, 128 bits in hexadecimal: half of the sha256 of its lower-case form. CLIP's tokenizer
 * knows no capitals, so prompts that differ in letter case alone are one prompt, and fall into one split.
 */
export function promptId(prompt: string): string {
  return hash('sha256', prompt.toLowerCase(), 'hex').slice(0, 32);
}

/**
 * Bounds of the splits on the line of ids: below `test` lies test, from `validation` on validation, training between.
 * A prompt's side depends on its text and the shares alone: not on other prompts, and a share that grows takes its
 * prompts from training only.
 */
export function splitBounds(shares: SplitShares): { test: string; validation: string } {
  return { test: bound(shares.test), validation: bound(1 - shares.validation) };
}

/** The split of a prompt by its id. */
export function splitOf(id: string, shares: SplitShares): Split {
  const { test, validation } = splitBounds(shares);
  return id < test ? 'test' : id >= validation ? 'validation' : 'train';
}

const digits = 12;
/** A point of [0, 1] as a prefix of ids; "g" for 1, behind every id. */
function bound(point: number): string {
  const prefix = Math.round(point * 16 ** digits);
  return prefix >= 16 ** digits ? 'g' : prefix.toString(16).padStart(digits, '0');
}
