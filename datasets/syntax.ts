/**
 * What the programs that people type prompts into understand and a text encoder does not: weights ("(word:1.2)",
 * "[word]", "((word))", "<lora:name:0.8>") and flags ("--ar 16:9").
 */

/** A number behind a colon before a closing bracket, brackets in brackets, a square bracket, a network by its name. */
const weight = /:\s*[\d.]+\s*[)\]}]|\(\s*\(|\{\s*\{|\[[^\]]*\]|<(?:lora|hypernet|lyco):[^>]*>/i;
const mayHoldWeight = /[([{<\\]/;
/** What begins a flag: "--" before a name or, as telephones correct it, a dash before one that Midjourney knows. */
const dashes =
  '(?:^|\\s+)(?:--(?=[a-z])|—(?=(?:ar|aspect|v|no|s|q|c|w|h|iw|style|stylize|chaos|seed|niji|test|tile|hd|uplight)\\b))';
const flag = new RegExp(dashes, 'i');

export function hasWeights(text: string): boolean {
  return mayHoldWeight.test(text) && weight.test(text);
}

export function hasFlags(text: string): boolean {
  return (text.includes('--') || text.includes('—')) && flag.test(text);
}

/**
 * The text without its weights: brackets go and what they hold stays, of `[from:to:when]` the last text and of `[a|b]`
 * the first. `\(` is a bracket that was meant.
 */
export function stripWeights(text: string): string {
  if (!mayHoldWeight.test(text)) return text;
  let rest = text.replace(/\\([()[\]{}])/g, (_, bracket: string) => escaped[bracket]!);
  rest = rest.replace(/<(?:lora|hypernet|lyco):[^>]*>/gi, ' ');
  // From the inside out: a bracket that holds no bracket, until none is left.
  for (let before = ''; before !== rest;) {
    before = rest;
    rest = rest
      .replace(/\(([^()[\]{}]*)\)/g, (_, inner: string) => withoutNumber(inner))
      .replace(/\{([^()[\]{}]*)\}/g, (_, inner: string) => withoutNumber(inner).split('|')[0]!)
      .replace(/\[([^()[\]{}]*)\]/g, (_, inner: string) => scheduled(withoutNumber(inner)));
  }
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

/** Values that are words, by flag; all others take numbers ("16:9", "0.5", "2x") or nothing. */
const wordValued = /^(?:style|stylize|s|sref|cref|oref|p|profile|personalize|version|v|model)$/i;

/** The text without its flags and their values. `--no` takes all up to the next flag. */
export function stripFlags(text: string): string {
  if (!hasFlags(text)) return text;
  const parts = text.split(flag);
  const kept = parts.slice(1).map((part) => {
    const [, name = '', value = '', rest = ''] = /^([a-z][\w-]*)(?:[\s=]+([^\s,]+))?(.*)$/is.exec(part) ?? [];
    if (name.toLowerCase() === 'no') return '';
    const taken = /^[\d.:x/]+$/i.test(value) || (value !== '' && wordValued.test(name));
    return taken ? rest : ` ${value}${rest}`;
  });
  return tidy([parts[0]!, ...kept].join(' '));
}

/** No white space twice or before a comma, no comma that separates nothing. */
function tidy(text: string): string {
  return text
    .replace(/\s+/g, ' ')
    .replace(/(?:\s*,)+/g, ',')
    .replace(/^[\s,]+|[\s,]+$/g, '');
}
