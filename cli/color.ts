/** Colors for people: only on a terminal, and never with NO_COLOR (https://no-color.org), TERM=dumb or without a terminal. */

const codes = { bold: [1, 22], red: [31, 39], green: [32, 39], yellow: [33, 39], dim: [2, 22] } as const;
export type Color = keyof typeof codes;

/** Colors a text whatever the output is; to be asked after {@link takesColor}. */
export const color = (name: Color, text: string): string => `\x1b[${codes[name][0]}m${text}\x1b[${codes[name][1]}m`;

/** Bold text for commander, which takes it out again where the output takes no colors. */
export const bold = (text: string): string => color('bold', text);

/** Returns whether an output takes colors. */
export function takesColor(out: Pick<NodeJS.WriteStream, 'isTTY'> & Partial<NodeJS.WriteStream>): boolean {
  if (!out.isTTY || process.env['NO_COLOR'] || process.env['TERM'] === 'dumb') return false;
  return out.hasColors?.() ?? false;
}

/** Colors of the words that say how something went, and of their marks. */
const states: readonly (readonly [words: string, marks: string, color: Color])[] = [
  ['failed|FAILED|cancelled|interrupted|worse', '✗', 'red'],
  ['paused|warning|undecided', '‖', 'yellow'],
  ['completed|ok|better', '✓', 'green'],
];
/** A word is a state at the beginning of a line, of a column, behind a colon or an interval; not within a sentence. */
const patterns = states.map(
  ([words, marks, name]) =>
    [new RegExp(`(?<=^|\\s{2}|: |\\) |; )(?:${words})(?![\\w-])|${marks}`, 'gm'), name] as const,
);

/** Colors the words and marks of states in a text that is shown on `out`, if it takes colors. */
export function colorStates(text: string, out: Parameters<typeof takesColor>[0] = process.stdout): string {
  if (!takesColor(out)) return text;
  return patterns.reduce((all, [words, name]) => all.replace(words, (word) => color(name, word)), text);
}
