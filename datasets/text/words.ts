const ascii = /^[^\u0080-\uffff]*$/;
const asciiWord = /[a-z0-9]+/g;
/** Scripts that set no spaces between words: each of their characters is a word. */
const unspaced = '[\\p{Script=Han}\\p{Script=Hiragana}\\p{Script=Katakana}\\p{Script=Thai}]';
const anyWord = new RegExp(`${unspaced}|(?:(?!${unspaced})[\\p{L}\\p{M}\\p{N}])+`, 'gu');

/** The words of a text in lower case, the signs between them left out. */
export function wordsOf(text: string): string[] {
  const lower = text.toLowerCase();
  return lower.match(ascii.test(lower) ? asciiWord : anyWord) ?? [];
}
