/**
 * What a terminal would obey instead of showing: control characters, line and paragraph separators, and marks that turn
 * the direction of text. A tabulator is shown as it is.
 */
const obeyed =
  /[\0-\x08\x0a-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

const escaped = (sign: string): string => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`;

/** A text on one line, with what a terminal would obey escaped as \u001b: JSON's own way, so JSON stays the same JSON. */
export function visibleLine(text: string): string {
  return text.replace(obeyed, escaped);
}

/** The same, line by line. */
export function visible(text: string): string {
  return text.split('\n').map(visibleLine).join('\n');
}
