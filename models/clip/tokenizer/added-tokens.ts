/** A token that is matched literally in the text, before words are. The library `tokenizers` calls it AddedToken. */
export interface AddedToken {
  content: string;
  /** Does not match inside a word. */
  single_word: boolean;
  /** Includes the white space on its left, or on its right. */
  lstrip: boolean;
  rstrip: boolean;
  /** Matched in normalized text, with its content normalized too. */
  normalized: boolean;
  special: boolean;
}

type Found = readonly [token: AddedToken, id: number];
interface Matcher {
  pattern: RegExp;
  tokens: ReadonlyMap<string, Found>;
}

/** The library's word characters: letters, marks, decimal digits, connectors, joiners. */
const WORD = String.raw`[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}]`;
const [startsWithWord, endsWithWord] = [new RegExp(`^${WORD}`, 'u'), new RegExp(`${WORD}$`, 'u')];
/** Length of the longest character in UTF-16 code units. */
const LONGEST = 2;
const isSpace = (text: string, at: number): boolean => /^\p{White_Space}/u.test(text.charAt(at));

/**
 * Finds the tokens added to a vocabulary exactly as the library `tokenizers` does (AddedVocabulary): the leftmost first,
 * and of those that start at one place the longest. Tokens that are not normalized come first; the normalized ones are
 * then found in the text between them.
 */
export class AddedTokens {
  /** All ids by content, in the order of addition. */
  readonly ids: ReadonlyMap<string, number>;
  readonly #raw: Matcher | undefined;
  readonly #normal: Matcher | undefined;
  readonly #normalize: (text: string) => string;
  readonly #hasSpace: boolean;

  /**
   * @param tokens in the order of addition; the last of several with the same content counts
   * @param vocabulary gives the ids of tokens that it contains; others are numbered after it
   * @throws RangeError that names two tokens that match the same text
   */
  constructor(
    tokens: readonly AddedToken[],
    vocabulary: ReadonlyMap<string, number>,
    normalize: (text: string) => string,
  ) {
    const ids = new Map<string, number>();
    const byContent = new Map<string, Found>();
    let largest = -1;
    for (const token of tokens) {
      if (token.content === '') continue;
      const next = Math.max(vocabulary.size, largest + 1);
      const id = ids.get(token.content) ?? vocabulary.get(token.content) ?? next;
      ids.set(token.content, id);
      byContent.set(token.content, [token, id]);
      largest = Math.max(largest, id);
    }
    this.ids = ids;
    this.#normalize = normalize;
    const added = [...byContent.values()];
    this.#raw = matcher(added.filter(([token]) => !token.normalized).map((found) => [found[0].content, found]));
    this.#normal = matcher(
      added.filter(([token]) => token.normalized).map((found) => [normalize(found[0].content), found]),
    );
    this.#hasSpace = [...(this.#normal?.tokens.keys() ?? [])].some((content) => content.includes(' '));
  }

  /** Calls `visit` with each added token's id and each normalized text between them, in order. */
  split(text: string, visit: (piece: number | string) => void): void {
    eachPiece(this.#raw, text, (piece) => {
      if (typeof piece === 'number') visit(piece);
      else eachPiece(this.#normal, this.#normalize(piece), visit);
    });
  }

  /** Returns whether an ASCII text may contain an added token. @param lower the text in lower case */
  mayOccurIn(text: string, lower: string): boolean {
    const occurs = (matcher: Matcher | undefined, text: () => string) =>
      matcher !== undefined && text().search(matcher.pattern) >= 0;
    return (
      occurs(this.#raw, () => text) || occurs(this.#normal, () => (this.#hasSpace ? lower.replace(/\s+/g, ' ') : lower))
    );
  }
}

function matcher(entries: readonly (readonly [string, Found])[]): Matcher | undefined {
  const tokens = new Map<string, Found>();
  for (const [content, found] of entries) {
    const other = tokens.get(content)?.[0].content;
    if (other !== undefined)
      throw new RangeError(
        `the added tokens ${JSON.stringify(other)} and ${JSON.stringify(found[0].content)} are the same once normalized, and the library \`tokenizers\` may find either; remove one, or set "normalized": false`,
      );
    tokens.set(content, found);
  }
  if (tokens.size === 0) return undefined;
  const contents = [...tokens.keys()].sort((a, b) => b.length - a.length).map(escapeRegExp);
  return { pattern: new RegExp(contents.join('|'), 'gu'), tokens };
}

function eachPiece(matcher: Matcher | undefined, text: string, visit: (piece: number | string) => void): void {
  let done = 0;
  for (const match of matcher ? text.matchAll(matcher.pattern) : []) {
    const [token, id] = matcher!.tokens.get(match[0])!;
    let [start, end] = [match.index, match.index + match[0].length];
    const [before, behind] = [text.slice(Math.max(0, start - LONGEST), start), text.slice(end, end + LONGEST)];
    if (token.single_word && (endsWithWord.test(before) || startsWithWord.test(behind))) continue;
    // White space that the previous token has taken stays with it.
    if (token.lstrip) {
      while (start > done && isSpace(text, start - 1)) start--;
      start = Math.max(start, done);
    }
    if (token.rstrip) while (isSpace(text, end)) end++;
    if (done < start) visit(text.slice(done, start));
    if (start < end) visit(id); // otherwise the previous token has taken all of it
    done = end;
  }
  if (done < text.length) visit(text.slice(done));
}

function escapeRegExp(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
}
