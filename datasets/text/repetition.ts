/** A prompt of fewer words repeats nothing to speak of. */
const fewestWords = 6;

/** Share of a prompt's words that it has said before, in [0, 1); 0 for short prompts. */
export function repetition(words: readonly string[]): number {
  return words.length < fewestWords ? 0 : 1 - new Set(words).size / words.length;
}
