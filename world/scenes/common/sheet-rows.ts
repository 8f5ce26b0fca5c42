/** A web-like picture, with what its caption says and what the oracle reads. */
interface SheetExample {
  /** [side, side, 3] in [0, 1]. */
  readonly image: Float32Array;
  readonly caption: string;
  /** What the picture shows. */
  readonly truth: Readonly<Record<string, unknown>>;
  /** What the oracle reads. */
  readonly read: Readonly<Record<string, unknown>>;
}

/** What a world looks like. */
export interface WorldSheet {
  /** Scenes in rows: clean, and below each its degraded picture. */
  readonly scenes: readonly Float32Array[];
  /** The same of the world's harder tier, if it has one. */
  readonly harder?: readonly Float32Array[];
  readonly examples: readonly SheetExample[];
}

/** Pictures in a row of a sheet. */
export const sheetColumns = 10;
/** Web-like examples of a sheet. */
export const sheetExamples = 60;

/** Quality tiers of a degraded row, from left to right. */
export function tierOf(column: number): 'good' | 'medium' | 'dull' {
  return column < 2 ? 'good' : column < 5 ? 'medium' : 'dull';
}
