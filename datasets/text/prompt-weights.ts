import { fromFirstFlag, withoutInvokeNegatives } from './prompt-flags.ts';
import { tidy } from './tidy.ts';

/**
 * Prompt weights, which user interfaces understand but a text encoder does not: "(word:1.2)", "[word]", "((word))",
 * "<lora:name:0.8>", "cat::2 dog".
 */

/** A number between a colon and a closing bracket, nested brackets, square brackets, a named network, or `::`. */
const weight = /:\s*[\d.]+\s*[)\]}]|\(\s*\(|\{\s*\{|\[[^\]]*\]|<(?:lora|hypernet|lyco):[^>]*>|::(?:\s*-?[\d.]|\s|$)/i;
const mayHoldWeight = /[([{<\\]|::/;
export function hasWeights(text: string): boolean {
  return mayHoldWeight.test(text) && weight.test(text);
}

/**
 * Removes the weights of a text: drops brackets but keeps their content, the last text of `[from:to:when]` and the first of
 * `[a|b]`; drops parts between `::` with a negative weight. `\(` is a literal bracket.
 */
export function stripWeights(text: string): string {
  if (!mayHoldWeight.test(text)) return text;
  let rest = withoutInvokeNegatives(text).replace(/\\([()[\]{}])/g, (_, bracket: string) => escaped[bracket]!);
  rest = rest.replace(/<(?:lora|hypernet|lyco):[^>]*>/gi, ' ');
  // From the inside out: replace innermost brackets until none is left.
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

/** Literal brackets, stored as private-use characters while the others are removed. */
const escaped: Record<string, string> = Object.fromEntries(
  [...'()[]{}'].map((bracket, i) => [bracket, String.fromCharCode(0xe000 + i)]),
);

/** Removes the number of "word:1.2"; a lone "16:9" is not a weight. */
function withoutNumber(inner: string): string {
  return inner.replace(/(?<=[^\d\s:][^:]*):\s*[\d.]+\s*$/, '');
}

/** Returns the part to keep of "from:to" or "a|b". */
function scheduled(inner: string): string {
  const texts = inner.split(':').filter((text) => text.trim() !== '');
  return (texts.at(-1) ?? '').split('|')[0]!;
}

/** Removes the weights of Midjourney's parts, "cat::2 dog:: blurry::-1", and the unwanted parts. */
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
