/** Returns the day in a file's path (2026-11-24, 2026/11/24 or 20261124) as 2026-11-24; undefined when there is none. */
export function partitionOf(name: string): string | undefined {
  const [, year, month, day] =
    /(?<!\d)((?:19|20)\d\d)[-/]?(0[1-9]|1[0-2])[-/]?(0[1-9]|[12]\d|3[01])(?!\d)/.exec(name) ?? [];
  return year === undefined ? undefined : `${year}-${month}-${day}`;
}
