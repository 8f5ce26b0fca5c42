/** Returns the Levenshtein distance: the insertions, deletions and replacements that turn `a` into `b`. */
function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++)
      row.push(Math.min(row[j - 1]! + 1, previous[j]! + 1, previous[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)));
    previous = row;
  }
  return previous[b.length]!;
}

/**
 * Returns the name that `wrong` most likely stands for: the fewest edits, ignoring case; undefined if `names` is empty.
 */
export function nearest(wrong: string, names: readonly string[]): string | undefined {
  const distance = (name: string): number => editDistance(wrong.toLowerCase(), name.toLowerCase());
  return names.toSorted((a, b) => distance(a) - distance(b))[0];
}

/** Returns whether a name, or its beginning, may be what `wrong` stands for: fewer than half of the letters differ. */
export const isNear = (wrong: string, name: string): boolean => {
  const beginning = name.slice(0, wrong.length).toLowerCase();
  return editDistance(wrong.toLowerCase(), beginning) < wrong.length / 2;
};
