import { SOURCE_NAMES } from '../../world/scenes/common/world-names.ts';

/** Treatments of a prompt with weights or flags (rules.ts). */
export const TREATMENTS = ['keep', 'strip', 'drop'] as const;
/** Treatments of a prompt with a word of a list. */
export const KEEP_OR_DROP = ['keep', 'drop'] as const;
/** Treatments of a prompt with more tokens than the text model reads. */
export const OVERLONG = ['truncate', 'drop'] as const;
/** Treatments of a record that cannot be read. */
export const MALFORMED = ['refuse', 'skip'] as const;
/** Rules for comment lines in text files (sources/text/text-file.ts). */
export const COMMENTS = ['spaced', 'hash', 'none'] as const;
export type CommentRule = (typeof COMMENTS)[number];
/** Sources of the phrases for prompt engineering. */
export const CORPORA = ['training', ...SOURCE_NAMES] as const;
export type CorpusName = (typeof CORPORA)[number];

/** ISO 639-1 codes of the languages that the detector (eld, languages.ts) distinguishes. */
// prettier-ignore
export const LANGUAGES = [
  'am', 'ar', 'az', 'be', 'bg', 'bn', 'ca', 'cs', 'da', 'de', 'el', 'en', 'es', 'et', 'eu', 'fa', 'fi', 'fr', 'gu', 'he',
  'hi', 'hr', 'hu', 'hy', 'is', 'it', 'ja', 'ka', 'kn', 'ko', 'ku', 'lo', 'lt', 'lv', 'ml', 'mr', 'ms', 'nl', 'no', 'or',
  'pa', 'pl', 'pt', 'ro', 'ru', 'sk', 'sl', 'sq', 'sr', 'sv', 'ta', 'te', 'th', 'tl', 'tr', 'uk', 'ur', 'vi', 'yo', 'zh',
] as const;

/** Returns whether Unicode has a script of this name: Latin, Cyrillic, Han, ... */
export function isScript(name: string): boolean {
  if (!/^[A-Za-z][A-Za-z_]*$/.test(name)) return false;
  try {
    return new RegExp(`\\p{Script=${name}}`, 'u').flags === 'u';
  } catch {
    return false;
  }
}
