import { fromFirstFlag, withoutInvokeNegatives } from './prompt-flags.ts';
import { tidy } from './tidy.ts';

/**
 * Weights, which the programs that people type prompts into understand and a text encoder does not: "(word:1.2)",
 * "[word]", "((word))", "<lora:name:0.8>", "cat::2 dog".
 */

/** A number behind a colon before a closing bracket, brackets in brackets, a square bracket, a network by its name. */
const weight = /:\s*[\d.]+\s*[)\]}]|\(\s*\(|\{\s*\{|\[[^\]]*\]|<(?:lora|hypernet|lyco):[^>]*>|::(?:\s*-?[\d.]|\s|$)/i;
const mayHoldWeight = /[([{<\\]|::/;
export function hasWeights(text: string): boolean {
  return mayHoldWeight.test(text) && weight.test(text);
}

/**
 * The text without its weights: brackets go and what they hold stays, of `[from:to:when]` the last text and of `[a|b]`
 * the first; of the parts between `::`, those with a weight below 0 go. `\(` is a bracket that was meant.
 */
export function stripWeights(text: string): string {
  if (!mayHoldWeight.test(text)) return text;
  let rest = withoutInvokeNegatives(text).replace(/\\([()[\]{}])/g, (_, bracket: string) => escaped[bracket]!);
  rest = rest.replace(/<(?:lora|hypernet|lyco):[^>]*>/gi, ' ');
  // From the inside out: a bracket that holds no bracket, until none is left.
  for (let before = ''; before !== rest;) {
    before = rest;
    rest = rest
      .replace(/\(([^()[\]{}]*)\)/g, (_, inner: string) => withoutNumber(inner))
      .replace(/\{([^()[\]{}]*)\}/g, (_, inner: string) => withoutNumber(inner).split('|')[0]!)
      .replace(/\[([^()[\]{}]*)\]/g, (_, inner: string) => scheduled(withoutNumber(inner)));
  }
  rest = withoutParts(rest);
  return tidy(rest.replace(/[\ue000-\ue005]/g, (mark) => '()[]{}'[mark.charCodeAt(0) - 0xe000]!));
}

/** Brackets that were meant, as characters for private use while the others go. */
const escaped: Record<string, string> = Object.fromEntries(
  [...'()[]{}'].map((bracket, i) => [bracket, String.fromCharCode(0xe000 + i)]),
);

/** "word:1.2" without its number; a lone "16:9" is no weight. */
function withoutNumber(inner: string): string {
  return inner.replace(/(?<=[^\d\s:][^:]*):\s*[\d.]+\s*$/, '');
}

/** What is left of "from:to" or "a|b". */
function scheduled(inner: string): string {
  const texts = inner.split(':').filter((text) => text.trim() !== '');
  return (texts.at(-1) ?? '').split('|')[0]!;
}

/** Midjourney's parts, "cat::2 dog:: blurry::-1", without their weights and without those that are not wanted. */
function withoutParts(text: string): string {
  const pieces = text.split(/::(\s*-?(?:\d+(?:\.\d*)?|\.\d+)(?![\w:])|(?=\s|,|$))/);
  let out = '';
  for (let i = 0; i < pieces.length; i += 2) {
    const [part, weight] = [pieces[i]!, pieces[i + 1]];
    out += Number(weight) < 0 ? fromFirstFlag(part) : part;
    if (weight !== undefined) out += weight === '' ? ', ' : ' ';
  }
  return out;
}
