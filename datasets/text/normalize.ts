/** Printable ASCII with single spaces between words, as most prompts are, needs no normalization. */
const plain = /^[\x21-\x7e]+(?: [\x21-\x7e]+)*$/;
/**
 * Invisible characters without meaning for a tokenizer: control characters except white space, zero-width spaces, byte
 * order marks, soft hyphens, direction marks, lone surrogates. Joiners stay, since emoji and some scripts need them.
 */
const invisible =
  /(?!\p{White_Space})[\p{Cc}\p{Cs}\u00ad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]/gu;
const whiteSpace = /\p{White_Space}+/gu;

/** Normalizes a prompt: removes invisible characters, collapses and trims white space, applies Unicode NFC. */
export function normalizePrompt(text: string): string {
  if (plain.test(text)) return text;
  return text.replace(invisible, '').replace(whiteSpace, ' ').trim().normalize('NFC');
}

/** Counts Unicode characters (code points). */
export function characters(text: string): number {
  let count = text.length;
  for (const _ of text.matchAll(/[\ud800-\udbff][\udc00-\udfff]/g)) count--;
  return count;
}
