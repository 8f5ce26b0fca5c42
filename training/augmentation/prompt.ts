import type { RandomStream } from '../../common/random.ts';
import { caption, parse, styleWords } from '../../world/scenes/grammar.ts';

/**
 * How a prompt is changed in a training step: both the encoder and the rewards see the changed one, while the latents
 * that the last K steps start from were made with the prompt as it is.
 */
export interface PromptAugmentation {
  /** The chance of each word to be left out; one word stays at least. */
  wordDropout: number;
  /** Whether prompts of the shapes world are said in other words; other prompts stay as they are. */
  paraphrase: boolean;
}

export const changesPrompts = ({ wordDropout, paraphrase }: PromptAugmentation): boolean =>
  wordDropout > 0 || paraphrase;

export function augmentPrompt(prompt: string, settings: PromptAugmentation, stream: RandomStream): string {
  return dropWords(settings.paraphrase ? paraphrase(prompt, stream) : prompt, settings.wordDropout, stream);
}

/** The same scene, drawn phrasing and synonyms, the same style words. */
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
