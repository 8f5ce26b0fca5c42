import type { CollectedRun } from './paper-results.ts';

/** One prompt in the arms of the page's first table, from the original model to the most tuned one. */
export interface PictureRow {
  prompt: string;
  /** @param source the kept picture; `file` is that of the page, relative to it */
  cells: { arm: string; source: string; file: string }[];
}

/** Columns of the page's first table. */
const SHOWN = ['base', 'prompt engineering', 'encoder', 'encoder + UNet'];
const ROWS = 4;

/**
 * Lists the pictures that open the page: the first test prompts of the first seed, not selected. All variants of a seed
 * start from the same noise.
 * @returns nothing unless at least two arms have kept them
 */
export function pictureRows(runs: readonly CollectedRun[]): PictureRow[] {
  const first = runs.filter(({ seed }) => seed === runs[0]!.seed);
  const prompts = first[0]?.pictures.slice(0, ROWS).map(({ prompt }) => prompt) ?? [];
  const rows = prompts.map((prompt, i) => {
    const cells = SHOWN.flatMap((arm) => {
      const own = first.map(({ pictures }) => pictures[i]).find((each) => each?.prompt === prompt && each.files[arm]);
      return own
        ? [{ arm, source: own.files[arm]!, file: `images/results-${i + 1}-${arm.replace(/\W+/g, '-')}.png` }]
        : [];
    });
    return { prompt, cells };
  });
  const complete = Math.max(...rows.map(({ cells }) => cells.length));
  return complete < 2 ? [] : rows.filter(({ cells }) => cells.length === complete);
}

/** Renders the pictures as lines of a Markdown table. */
export function pictureTable(rows: readonly PictureRow[]): string[] {
  const arms = rows[0]!.cells.map(({ arm }) => arm);
  return [
    row(['prompt', ...arms]),
    row(['---', ...arms.map(() => '---')]),
    ...rows.map(({ prompt, cells }) =>
      row([prompt, ...cells.map(({ arm, file }) => `![${prompt} (${arm})](${file})`)]),
    ),
    '',
    'The first held-out prompts, not selected, of the first seed. The pictures of a row start from the same noise.',
  ];
}

const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
