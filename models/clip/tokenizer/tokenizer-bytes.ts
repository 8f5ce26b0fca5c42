/**
 * GPT-2's printable stand-in of each byte (`bytes_to_unicode`): itself where it is visible in Latin-1, else the next code
 * point from U+0100 on. Published vocabularies list them by code point: `byteSymbols().sort()`.
 */
export function byteSymbols(): string[] {
  let next = 0x100;
  const isVisible = (byte: number): boolean =>
    (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
  return Array.from({ length: 256 }, (_, byte) => String.fromCharCode(isVisible(byte) ? byte : next++));
}
