import { InputError } from '../errors.ts';

/** More alternatives in braces than this are a mistake. */
const mostAlternatives = 1000;

/**
 * Returns whether a path may be a pattern: `*`, `?` (within a name), `**` (any folders), `[a-z]`, `[!a-z]`, `{a,b}`.
 */
export function isPattern(path: string): boolean {
  return /[*?[{]/.test(path);
}

/**
 * Returns whether a relative path matches a pattern.
 * @throws InputError as {@link alternativesOf} and {@link nameMatcher} do
 */
export function fitsPattern(path: string, pattern: string): boolean {
  const names = path.split('/');
  return path === pattern || alternativesOf(pattern).some((each) => fits(names, each.split('/')));
}

function fits(names: readonly string[], parts: readonly string[]): boolean {
  const [part, ...rest] = parts;
  if (part === undefined) return names.length === 0;
  if (part === '**') {
    if (rest.length === 0) return names.length > 0;
    return names.some((_, i) => fits(names.slice(i), rest));
  }
  return names.length > 0 && nameMatcher(part)(names[0]!) && fits(names.slice(1), rest);
}

/**
 * Expands the braces of a pattern: `a{b,c}` gives `ab` and `ac`. Braces without a comma, or without a partner, are
 * text.
 * @throws InputError for more than 1,000 alternatives
 */
export function alternativesOf(pattern: string): string[] {
  let open = [pattern];
  const done: string[] = [];
  while (open.length > 0) {
    if (open.length + done.length > mostAlternatives)
      throw new InputError(`${pattern}: the braces stand for more than ${mostAlternatives} patterns; use fewer.`);
    open = open.flatMap((each) => {
      const choices = firstBraces(each);
      if (!choices) done.push(each);
      return choices ?? [];
    });
  }
  return [...new Set(done)];
}

/** Returns the pattern with its first braces that hold alternatives replaced by each of them. */
function firstBraces(pattern: string): string[] | undefined {
  for (let start = pattern.indexOf('{'); start >= 0; start = pattern.indexOf('{', start + 1)) {
    const commas: number[] = [];
    let depth = 0;
    for (let at = start; at < pattern.length; at++) {
      if (pattern[at] === '{') depth++;
      else if (pattern[at] === ',' && depth === 1) commas.push(at);
      else if (pattern[at] === '}' && --depth === 0) {
        if (commas.length === 0) break;
        const edges = [start, ...commas, at];
        const [before, behind] = [pattern.slice(0, start), pattern.slice(at + 1)];
        return edges.slice(1).map((edge, i) => before + pattern.slice(edges[i]! + 1, edge) + behind);
      }
    }
  }
  return undefined;
}

/**
 * Returns a matcher for the names that fit one part of a pattern.
 * @throws InputError for a range that runs backwards
 */
export function nameMatcher(part: string): (name: string) => boolean {
  const source = part.replace(/\*+|\?|\[!?[^\]]+\]|[\s\S]/gu, (found) => {
    if (found.startsWith('*')) return '[^]*';
    if (found === '?') return '[^]';
    return found.length > 1 && found.startsWith('[') ? characterClass(found) : escaped(found);
  });
  try {
    const expression = new RegExp(`^${source}$`, 'u');
    return (name) => expression.test(name);
  } catch {
    throw new InputError(`${part}: a range in this pattern runs backwards; expected a range such as [a-z].`);
  }
}

/** `[a-z]` or `[!a-z]` as a regular expression, in which only the inner dashes are special. */
function characterClass(text: string): string {
  const negative = text.startsWith('[!') && text.length > 3;
  const signs = [...text.slice(negative ? 2 : 1, -1)];
  const last = signs.length - 1;
  const inner = signs.map((sign, i) => (sign === '-' && i > 0 && i < last ? '-' : escaped(sign)));
  return `[${negative ? '^' : ''}${inner.join('')}]`;
}

const escaped = (sign: string): string => `\\u{${sign.codePointAt(0)!.toString(16)}}`;
