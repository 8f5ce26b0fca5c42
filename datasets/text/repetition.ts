/** Shorter prompts have no meaningful repetition. */
const fewestWords = 6;

/** Returns the share of a prompt's words that repeat earlier ones, in [0, 1); 0 for short prompts. */
export function repetition(words: readonly string[]): number {
  return words.length < fewestWords ? 0 : 1 - new Set(words).size / words.length;
}
