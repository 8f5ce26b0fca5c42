import { PromptRules, type RulesConfig, type Verdict } from './rules.ts';
import { promptId, splitOf, type Split, type SplitShares } from '../shards/split.ts';

/** The verdict of the rules for single prompts, and the split of a kept prompt. */
export type Explanation = Verdict & { id?: string; split?: Split };

/**
 * Explains what the filter does with a single prompt. Only a run can find duplicates and near duplicates.
 * @param scratch a folder for unpacked files
 */
export async function explainPrompt(
  text: string,
  config: RulesConfig,
  shares: SplitShares,
  scratch: string,
): Promise<Explanation> {
  const verdict = (await PromptRules.load(config, scratch)).judge(text);
  if (!verdict.kept) return verdict;
  const id = promptId(verdict.prompt);
  return { ...verdict, id, split: splitOf(id, shares) };
}
