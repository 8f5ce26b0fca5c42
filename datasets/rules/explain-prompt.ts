import { PromptRules, type RulesConfig, type Verdict } from './rules.ts';
import { promptId, splitOf, type Split, type SplitShares } from '../shards/split.ts';

/** What the rules for single prompts say, and where a kept prompt would go. */
export type Explanation = Verdict & { id?: string; split?: Split };

/**
 * What the filter does with a prompt by itself; whether it has it already, or one nearly like it, only a run can tell.
 * @param scratch a folder for what must be unpacked
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
