import { InputError } from '../../common/errors.ts';

/** Names of prompt columns in public data sets, best first: OpenPrompt, DiffusionDB, Parti-Prompts; COCO, LAION. */
const usual = ['prompt', 'prompts', 'caption', 'text'];

/**
 * The place of the prompt column: the one that was named, else the one with a usual name; letter case aside.
 * @param name the file, for the message
 * @throws InputError naming the columns found
 */
export function promptColumn(name: string, columns: readonly string[], wanted: string | undefined): number {
  const plain = columns.map((column) => column.trim().toLowerCase());
  for (const candidate of wanted === undefined ? usual : [wanted]) {
    const exact = columns.indexOf(candidate);
    const at = exact >= 0 ? exact : plain.indexOf(candidate.trim().toLowerCase());
    if (at >= 0) return at;
  }
  const shown = columns.slice(0, 20).map((column) => `"${column.slice(0, 40)}"`);
  const found = columns.length === 0 ? 'none' : shown.join(', ') + (columns.length > 20 ? ', ...' : '');
  throw new InputError(
    wanted === undefined
      ? `${name}: no prompt column (${usual.join(', ')}); the columns are ${found}. Name the one with the prompts (prompts.column).`
      : `${name}: no column "${wanted}"; the columns are ${found}.`,
  );
}
