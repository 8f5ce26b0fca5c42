import { notice } from '../common/notices.ts';

/** Keys of `prompts` that say what form a source has. */
const forms = ['column', 'split', 'encoding', 'comments'] as const;

/**
 * Leaves out what a configuration says about the form of its source of prompts, for another source; and says so.
 * @param raw the content of a configuration's file
 * @param name the file's name
 * @param isSame whether `source` is the other source
 * @example
 * ```ts
 * import { withoutForms } from './api/replaced-source.ts';
 * import { readYaml } from './pipeline/config/config-file.ts';
 *
 * const raw = withoutForms(await readYaml('my.yaml', 'The configuration'), 'my.yaml', (source) => source === 'new.txt');
 * ```
 */
export function withoutForms(raw: unknown, name: string, isSame: (source: string) => boolean): unknown {
  const prompts = recordOf(recordOf(raw)?.['prompts']);
  if (!prompts || (typeof prompts['source'] === 'string' && isSame(prompts['source']))) return raw;
  const left = forms.filter((key) => prompts[key] !== undefined);
  if (left.length === 0) return raw;
  for (const key of left) {
    const setting = `prompts.${key}=${String(prompts[key])}`;
    notice(`${name}: ${setting} describes another source than --prompts, and is left out; --set ${setting} keeps it.`);
  }
  const kept = Object.entries(prompts).filter(([key]) => !left.includes(key as (typeof forms)[number]));
  return { ...recordOf(raw), prompts: Object.fromEntries(kept) };
}

function recordOf(value: unknown): Record<string, unknown> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : undefined;
}
