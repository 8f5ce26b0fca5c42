import { hash } from 'node:crypto';

export const splits = ['train', 'validation', 'test'] as const;
export type Split = (typeof splits)[number];

/** Shares of held-out prompts; the rest is for training. Each in [0, 1), together below 1. */
export interface SplitShares {
  validation: number;
  test: number;
}

/**
 * Returns the id of a normalized prompt, 128 bits in hexadecimal: half of the sha256 of its lower-case form. CLIP's
 * tokenizer ignores case, so prompts that differ only in case are one prompt in one split.
 */
export function promptId(prompt: string): string {
  return hash('sha256', prompt.toLowerCase(), 'hex').slice(0, 32);
}

/**
 * Returns the bounds of the splits among ids: test below `test`, validation from `validation` on, training in between.
 * A prompt's split depends only on its text and the shares, not on other prompts, and a share that grows takes prompts
 * from training only.
 */
export function splitBounds(shares: SplitShares): { test: string; validation: string } {
  return { test: bound(shares.test), validation: bound(1 - shares.validation) };
}

/** Returns the split of a prompt by its id. */
export function splitOf(id: string, shares: SplitShares): Split {
  const { test, validation } = splitBounds(shares);
  return id < test ? 'test' : id >= validation ? 'validation' : 'train';
}

const digits = 12;
/** Returns a point of [0, 1] as a prefix of ids; "g" for 1, which sorts after every id. */
function bound(point: number): string {
  const prefix = Math.round(point * 16 ** digits);
  return prefix >= 16 ** digits ? 'g' : prefix.toString(16).padStart(digits, '0');
}
