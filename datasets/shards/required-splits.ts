import { InputError } from '../../common/errors.ts';
import type { PromptRules } from '../rules/rules.ts';
import { emptySplit } from './shard-plan.ts';
import { promptId, splitOf, splits, type Split, type SplitShares } from './split.ts';

/** A prompt as it is read, with the split that its source prescribes. */
export interface ReadPrompt {
  prompt: string | null;
  split?: Split | undefined;
}

/**
 * Refuses prompts of which no split can get any although it has a share, as the stage shard would. Duplicates are counted,
 * since a prompt's place depends on its own text or on that of another: a pass here is no promise.
 * @param prompts all prompts that the run reads
 * @param filled splits that already have prompts
 * @throws InputError
 */
export function requireSplits(
  prompts: readonly ReadPrompt[],
  rules: Pick<PromptRules, 'judge'>,
  shares: SplitShares,
  filled: readonly Split[] = [],
): void {
  const counts = { train: 0, validation: 0, test: 0 };
  let dropped: string | undefined;
  for (const { prompt, split } of prompts) {
    const verdict = rules.judge(prompt, split !== undefined);
    if (verdict.kept) counts[split ?? splitOf(promptId(verdict.prompt), shares)]++;
    else dropped ??= `${verdict.reason}: ${verdict.detail}`;
  }
  const kept = counts.train + counts.validation + counts.test;
  if (kept === 0)
    throw new InputError(
      `None of the ${prompts.length} prompts passes the filter (the first is dropped as ${dropped}); change the prompts or the filter's settings.`,
    );
  for (const split of splits)
    if (counts[split] === 0 && !filled.includes(split)) {
      const problem = emptySplit(split, kept, shares);
      if (problem) throw problem;
    }
}
