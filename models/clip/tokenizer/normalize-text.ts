/** Of ASCII's white space, and of what Unicode adds to it. */
const whiteSpace = /\p{White_Space}+/gu;

/**
 * What CLIP's tokenizer does to a text before it looks for words: Unicode NFC, one space for white space, and lower case
 * letter by letter: unlike String.toLowerCase, a capital sigma at a word's end is no exception.
 */
export function normalize(text: string): string {
  return text.normalize('NFC').replace(whiteSpace, ' ').replaceAll('Σ', 'σ').toLowerCase();
}
