const ascii = /^[^\u0080-\uffff]*$/;
const asciiWord = /[a-z0-9]+/g;
/** Scripts without spaces between words: each character counts as a word. */
const unspaced = '[\\p{Script=Han}\\p{Script=Hiragana}\\p{Script=Katakana}\\p{Script=Thai}]';
const anyWord = new RegExp(`${unspaced}|(?:(?!${unspaced})[\\p{L}\\p{M}\\p{N}])+`, 'gu');

/** Splits a text into lower-case words, without punctuation. */
export function wordsOf(text: string): string[] {
  const lower = text.toLowerCase();
  return lower.match(ascii.test(lower) ? asciiWord : anyWord) ?? [];
}
