/** How the fields of a table in text are set apart. */
export interface Dialect {
  delimiter: string;
  /** Encloses fields that contain delimiters, line ends or, doubled, itself; undefined: no quoting at all. */
  quote?: string;
}

export const csv: Dialect = { delimiter: ',', quote: '"' };
export const tsv: Dialect = { delimiter: '\t' };

/** One record of a table. */
export interface RecordAt {
  /** Its fields; with `only`, the texts of the first and of that field, and empty strings for the others. */
  fields: string[];
  /** Where the next record begins. */
  next: number;
  /** Line ends up to there. */
  lines: number;
}

/** A record that breaks the rules, with the number of line ends before the fault. */
export class MalformedRecord extends Error {
  readonly lines: number;
  constructor(message: string, lines: number) {
    super(message);
    this.lines = lines;
  }
}

/**
 * Reads the record that begins at `at` (RFC 4180; also CR and mixed line ends, and quotes inside of unquoted fields).
 *
 * @param final whether the text ends where the file does
 * @param only the one field whose text is needed besides the first (which tells a blank line)
 * @returns undefined when the text ends within the record and the file does not
 * @throws MalformedRecord
 */
export function readRecord(
  text: string,
  at: number,
  dialect: Dialect,
  final: boolean,
  only?: number,
): RecordAt | undefined {
  const { delimiter, quote } = dialect;
  const fields: string[] = [];
  let lines = 0;
  for (;;) {
    const wanted = only === undefined || fields.length === 0 || fields.length === only;
    let end: number;
    if (quote !== undefined && text[at] === quote) {
      end = closingQuote(text, at, quote);
      if (end < 0 || (end + 1 >= text.length && !final)) {
        if (!final) return undefined;
        throw new MalformedRecord('a quote is opened and never closed', lines);
      }
      const content = text.slice(at + 1, end);
      lines += lineEnds(content);
      fields.push(wanted ? content.replaceAll(quote + quote, quote) : '');
      end++;
      if (end < text.length && text[end] !== delimiter && text[end] !== '\n' && text[end] !== '\r') {
        throw new MalformedRecord('text follows a closing quote; quotes within quotes must be doubled ("")', lines);
      }
    } else {
      end = fieldEnd(text, at, delimiter);
      if (end === text.length && !final) return undefined;
      fields.push(wanted ? text.slice(at, end) : '');
    }
    if (text[end] === delimiter) {
      at = end + 1;
      continue;
    }
    if (text[end] === '\r' && end + 1 === text.length && !final) return undefined;
    const length = end === text.length ? 0 : text[end] === '\r' && text[end + 1] === '\n' ? 2 : 1;
    return { fields, next: end + length, lines: lines + (length > 0 ? 1 : 0) };
  }
}

/** Place of the quote that closes the field opened at `at`; negative when there is none. */
function closingQuote(text: string, at: number, quote: string): number {
  let end = text.indexOf(quote, at + 1);
  while (end >= 0 && text[end + 1] === quote) end = text.indexOf(quote, end + 2);
  return end;
}

function fieldEnd(text: string, at: number, delimiter: string): number {
  const stop = delimiter.charCodeAt(0);
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === stop || code === 0x0a || code === 0x0d) break;
  }
  return at;
}

function lineEnds(text: string): number {
  return text.match(/\r\n|\n|\r/g)?.length ?? 0;
}
