/** Removes repeated white space, white space before commas, and commas that separate nothing. */
export function tidy(text: string): string {
  return text
    .replace(/\s+/g, ' ')
    .replace(/(?:\s*,)+/g, ',')
    .replace(/^[\s,]+|[\s,]+$/g, '');
}

/** Removes quotes around the whole text, and an unpaired quote. */
export function unquoted(text: string): string {
  const plain = text.trim();
  const [, escaped] = /^"((?:\\.|[^"\\])*\\.(?:\\.|[^"\\])*)"$/su.exec(plain) ?? [];
  if (escaped !== undefined) return tidy(escaped.replace(/\\(["'\\])/g, '$1'));
  const [, inner] = /^"([^"]*)"$|^'([^']*)'$|^“([^”]*)”$/u.exec(plain)?.filter((each) => each !== undefined) ?? [];
  if (inner !== undefined) return tidy(inner);
  if (/^["“][^"”]*$/u.test(plain)) return tidy(plain.slice(1));
  return /^[^"“]*\s["”]$/u.test(plain) ? tidy(plain.slice(0, -1)) : plain;
}
