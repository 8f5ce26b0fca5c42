/**
 * Returns GPT-2's printable symbol for each byte (`bytes_to_unicode`): the byte itself if it is visible in Latin-1,
 * otherwise the next code point from U+0100. Published vocabularies list them by code point: `byteSymbols().sort()`.
 */
export function byteSymbols(): string[] {
  let next = 0x100;
  const isVisible = (byte: number): boolean =>
    (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
  return Array.from({ length: 256 }, (_, byte) => String.fromCharCode(isVisible(byte) ? byte : next++));
}
