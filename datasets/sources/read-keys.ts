import { InputError } from '../../common/errors.ts';
import type { ReadOptions } from './read-source.ts';
import type { SourceFile } from './source-file.ts';

const readers: readonly { key: keyof ReadOptions; reads: (kind: SourceFile['kind']) => boolean; by: string }[] = [
  { key: 'column', reads: (kind) => kind !== 'txt', by: 'tables, JSON, Parquet or Arrow' },
  { key: 'encoding', reads: (kind) => kind !== 'parquet' && kind !== 'arrow', by: 'text, tables or JSON' },
  { key: 'comments', reads: (kind) => kind === 'txt', by: '.txt or .caption' },
];

/** Checks that at least one of the files is of a kind that each given option is about. @throws InputError */
export function requireReadKeys(options: ReadOptions & { source: string }, files: readonly SourceFile[]): void {
  for (const { key, reads, by } of readers)
    if (options[key] !== undefined && !files.some(({ kind }) => reads(kind)))
      throw new InputError(
        `prompts.${key} has no effect: ${options.source} has no file of ${by}. Leave it out, or name another source.`,
      );
}
