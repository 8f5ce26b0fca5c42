/**
 * Characters that a terminal would obey instead of showing: control characters, line and paragraph separators, and
 * marks that change the direction of text. A tab is shown unchanged.
 */
const obeyed =
  /[\0-\x08\x0a-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

const escaped = (sign: string): string => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`;

/**
 * Puts a text on one line and escapes what a terminal would obey as \u001b, as JSON does, so JSON stays the same JSON.
 */
export function visibleLine(text: string): string {
  return text.replace(obeyed, escaped);
}

/** Escapes each line of a text in the same way. */
export function visible(text: string): string {
  return text.split('\n').map(visibleLine).join('\n');
}
