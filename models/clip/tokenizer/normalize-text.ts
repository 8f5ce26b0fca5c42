/** White space of ASCII and Unicode. */
const whiteSpace = /\p{White_Space}+/gu;

/**
 * Normalizes a text as CLIP's tokenizer does before it looks for words: Unicode NFC, one space for white space, lower
 * case letter by letter. Unlike String.toLowerCase, it makes no exception for a capital sigma at the end of a word.
 */
export function normalize(text: string): string {
  return text.normalize('NFC').replace(whiteSpace, ' ').replaceAll('Σ', 'σ').toLowerCase();
}
