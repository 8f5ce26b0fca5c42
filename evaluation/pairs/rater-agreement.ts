/**
 * Returns Krippendorff's alpha for nominal values (Krippendorff, "Computing Krippendorff's Alpha-Reliability", 2011): 1
 * when all raters agree, 0 when they agree as often as chance makes them.
 * @param units for each thing that was judged the values that its raters gave; those with fewer than two are left out
 * @returns undefined when no thing has two values, or all values are the same
 */
export function krippendorffAlpha(units: readonly (readonly string[])[]): number | undefined {
  const rated = units.filter((values) => values.length > 1);
  const totals = countsOf(rated.flat());
  const n = rated.flat().length;
  const pairs = (counts: Iterable<number>, all: number): number =>
    all * all - [...counts].reduce((sum, count) => sum + count * count, 0);
  const expected = pairs(totals.values(), n);
  if (expected === 0) return undefined;
  const observed = rated.reduce(
    (sum, values) => sum + pairs(countsOf(values).values(), values.length) / (values.length - 1),
    0,
  );
  return 1 - ((n - 1) * observed) / expected;
}

function countsOf(values: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}
