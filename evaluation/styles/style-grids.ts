import { mixName } from '../evaluation-names.ts';
import type { Prompt } from '../pictures/picture-generator.ts';
import { pictureFile } from '../results.ts';
import type { StyleGrid } from './style-results.ts';

/** Encoders by name with their weights. */
type Weights = [encoder: string, weight: number][];

/** The weights of two encoders at which pictures of a prompt are shown. */
export interface StyleCells extends Pick<StyleGrid, 'across' | 'down' | 'weights'> {
  /** A row for each weight of `down`, with a mix for each of `across`. */
  rows: Weights[][];
}

/**
 * Returns the cells of each two encoders, the first of the two across.
 * @param steps number of weights from 0 to 1, at least 2
 */
export function styleCells(names: readonly string[], steps: number): StyleCells[] {
  const weights = Array.from({ length: steps }, (_, i) => Number((i / (steps - 1)).toFixed(3)));
  return names.flatMap((across, i) =>
    names.slice(i + 1).map((down) => ({
      across,
      down,
      weights,
      rows: weights.map((below) =>
        weights.map((beside): Weights => [
          [across, beside],
          [down, below],
        ]),
      ),
    })),
  );
}

/** Returns the grid of the cells' pictures, which are kept by the names of the mixes. */
export function styleGrid({ across, down, weights, rows }: StyleCells, prompts: readonly Prompt[]): StyleGrid {
  return {
    across,
    down,
    weights,
    prompts: prompts.map(({ prompt }, i) => ({
      prompt,
      files: rows.map((row) => row.map((mix) => pictureFile(i, mixName(mix)))),
    })),
  };
}
