/** Printable ASCII with single spaces between words: nothing to do, as for most prompts. */
const plain = /^[\x21-\x7e]+(?: [\x21-\x7e]+)*$/;
/**
 * What is invisible and means nothing to a tokenizer: controls that are no white space, zero-width spaces, byte order
 * marks, soft hyphens, marks of direction, halves of surrogate pairs. Joiners stay: they hold emoji and scripts together.
 */
const invisible =
  /(?!\p{White_Space})[\p{Cc}\p{Cs}\u00ad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]/gu;
const whiteSpace = /\p{White_Space}+/gu;

/** A prompt in its one form: invisible characters gone, each run of white space one space, none at the ends, Unicode NFC. */
export function normalizePrompt(text: string): string {
  if (plain.test(text)) return text;
  return text.replace(invisible, '').replace(whiteSpace, ' ').trim().normalize('NFC');
}

/** Length in Unicode characters (code points). */
export function characters(text: string): number {
  let count = text.length;
  for (const _ of text.matchAll(/[\ud800-\udbff][\udc00-\udfff]/g)) count--;
  return count;
}
