/** A phrase at the end of a source's prompts, and how many have it. */
export interface StylePhrase {
  phrase: string;
  count: number;
}

/**
 * Lists the phrases after the first comma of a source's prompts, most frequent first: what people append to get better
 * pictures ("highly detailed", "8k"). Pictures decide which of them help.
 * @param least fewest prompts that must have a phrase
 */
export function stylePhrases(prompts: readonly string[], least: number): StylePhrase[] {
  const counts = new Map<string, number>();
  for (const prompt of prompts) {
    const [, ...rest] = prompt.split(',').map((part) => part.trim().toLowerCase());
    for (const phrase of new Set(rest)) {
      const words = phrase.split(/\s+/).length;
      if (phrase !== '' && words <= MOST_WORDS) counts.set(phrase, (counts.get(phrase) ?? 0) + 1);
    }
  }
  return [...counts]
    .filter(([, count]) => count >= least)
    .map(([phrase, count]) => ({ phrase, count }))
    .toSorted((a, b) => b.count - a.count || (a.phrase < b.phrase ? -1 : 1));
}

/** Longer parts of a prompt are sentences. */
const MOST_WORDS = 4;

/** Appends phrases to a prompt. */
export const withPhrases = (prompt: string, phrases: readonly string[]): string => [prompt, ...phrases].join(', ');
