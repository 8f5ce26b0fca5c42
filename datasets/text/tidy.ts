/** No white space twice or before a comma, no comma that separates nothing. */
export function tidy(text: string): string {
  return text
    .replace(/\s+/g, ' ')
    .replace(/(?:\s*,)+/g, ',')
    .replace(/^[\s,]+|[\s,]+$/g, '');
}

/** The text without the quotes around all of it, and without one that has lost its other half. */
export function unquoted(text: string): string {
  const plain = text.trim();
  const [, escaped] = /^"((?:\\.|[^"\\])*\\.(?:\\.|[^"\\])*)"$/su.exec(plain) ?? [];
  if (escaped !== undefined) return tidy(escaped.replace(/\\(["'\\])/g, '$1'));
  const [, inner] = /^"([^"]*)"$|^'([^']*)'$|^“([^”]*)”$/u.exec(plain)?.filter((each) => each !== undefined) ?? [];
  if (inner !== undefined) return tidy(inner);
  if (/^["“][^"”]*$/u.test(plain)) return tidy(plain.slice(1));
  return /^[^"“]*\s["”]$/u.test(plain) ? tidy(plain.slice(0, -1)) : plain;
}
