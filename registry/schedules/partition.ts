/** The day that a file's path names, as 2026-11-24; undefined when it names none. Written 2026-11-24, 2026/11/24 or 20261124. */
export function partitionOf(name: string): string | undefined {
  const [, year, month, day] =
    /(?<!\d)((?:19|20)\d\d)[-/]?(0[1-9]|1[0-2])[-/]?(0[1-9]|[12]\d|3[01])(?!\d)/.exec(name) ?? [];
  return year === undefined ? undefined : `${year}-${month}-${day}`;
}
