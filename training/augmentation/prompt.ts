import type { RandomStream } from '../../common/random.ts';
import { caption, parse, styleWords } from '../../world/scenes/grammar.ts';

/**
 * Random changes to a prompt in a training step. The encoder and the rewards see the changed prompt; the latents that
 * the last K steps start from were made with the original one.
 */
export interface PromptAugmentation {
  /** Probability that a word is left out; at least one word stays. */
  wordDropout: number;
  /** Rephrases prompts of the shapes world; other prompts stay unchanged. */
  paraphrase: boolean;
}

export const changesPrompts = ({ wordDropout, paraphrase }: PromptAugmentation): boolean =>
  wordDropout > 0 || paraphrase;

export function augmentPrompt(prompt: string, settings: PromptAugmentation, stream: RandomStream): string {
  return dropWords(settings.paraphrase ? paraphrase(prompt, stream) : prompt, settings.wordDropout, stream);
}

/** Describes the same scene with the same style words, but random phrasing and synonyms. */
function paraphrase(prompt: string, stream: RandomStream): string {
  const scene = parse(prompt);
  if (!scene) return prompt;
  const style = [...styleWords.good, ...styleWords.bad].filter((word) => prompt.toLowerCase().includes(word));
  return caption(scene, stream, style);
}

function dropWords(prompt: string, chance: number, stream: RandomStream): string {
  if (chance === 0) return prompt;
  const words = prompt.split(/\s+/).filter(Boolean);
  if (words.length === 0) return prompt;
  const stays = stream.integer(words.length);
  return words.filter((_, i) => i === stays || stream.uniform() >= chance).join(' ');
}
