import type { RandomStream } from '../../common/random.ts';
import type { KnownWorld } from '../../world/known/known-world.ts';

/**
 * Random changes to a prompt in a training step. The encoder and the rewards see the changed prompt; the latents that
 * the last K steps start from were made with the original one.
 */
export interface PromptAugmentation {
  /** Probability that a word is left out; at least one word stays. */
  wordDropout: number;
  /** Rephrases prompts of the known world whose pictures the model makes; other prompts stay unchanged. */
  paraphrase: boolean;
}

export const changesPrompts = ({ wordDropout, paraphrase }: PromptAugmentation): boolean =>
  wordDropout > 0 || paraphrase;

/** @param world the one whose pictures the model makes, if there is one */
export function augmentPrompt(
  prompt: string,
  { wordDropout, paraphrase }: PromptAugmentation,
  world: KnownWorld | undefined,
  stream: RandomStream,
): string {
  const said = paraphrase ? world?.paraphrase(prompt, stream) : undefined;
  return dropWords(said ?? prompt, wordDropout, stream);
}

function dropWords(prompt: string, chance: number, stream: RandomStream): string {
  if (chance === 0) return prompt;
  const words = prompt.split(/\s+/).filter(Boolean);
  if (words.length === 0) return prompt;
  const stays = stream.integer(words.length);
  return words.filter((_, i) => i === stays || stream.uniform() >= chance).join(' ');
}
