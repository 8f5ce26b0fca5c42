/** Groups of keys with values to try: every combination of a group's values is one run. */
export type Ablations = readonly Readonly<Record<string, readonly (string | number | boolean)[]>>[];

/** The settings of one combination. */
export type Combination = Record<string, string | number | boolean>;

/** Reads the ablations of a configuration. */
export const ablationsOf = (settings: unknown): Ablations => (settings as { ablations?: Ablations }).ablations ?? [];

/** Lists every combination of a group; the last key's values change fastest. */
export function combinations(group: Ablations[number]): Combination[] {
  return Object.entries(group).reduce<Combination[]>(
    (all, [key, values]) => all.flatMap((settings) => values.map((value) => ({ ...settings, [key]: value }))),
    [{}],
  );
}

/** Formats a combination for `--set`. */
export const settingsOf = (settings: Combination): string[] =>
  Object.entries(settings).map(([key, value]) => `${key}=${JSON.stringify(value)}`);

/** A combination in words: `evaluate.steps 8, seed 1`. */
export const describe = (settings: Combination) =>
  Object.entries(settings)
    .map(([key, value]) => `${key} ${value}`)
    .join(', ');
