import { sha256 } from '../common/files.ts';

const seal = /^\/\* sha256 ([0-9a-f]{64}) \*\//;

/**
 * Prefixes JavaScript with its digest, in a comment on the first line, so that the source map at the end still fits.
 */
export const sealCode = (code: string): string => `/* sha256 ${sha256(code)} */${code}`;

/** Returns whether sealed code is unchanged. */
export function isSealed(text: string): boolean {
  const [begin, digest] = seal.exec(text) ?? [];
  return begin !== undefined && sha256(text.slice(begin.length)) === digest;
}
