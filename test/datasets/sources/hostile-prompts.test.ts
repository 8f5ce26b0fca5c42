import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../../common/errors.ts';
import { sqlString, type Database } from '../../../datasets/tables/database.ts';
import { describeFault } from '../../../datasets/sources/batch.ts';
import { findSources } from '../../../datasets/sources/find-sources.ts';
import { readPrompts, unpacked } from '../../../datasets/sources/read-source.ts';
import { wholeFiles } from '../../../datasets/sources/source-rows.ts';
import type { IngestSummary } from '../../../datasets/tables/ingested.ts';
import { hostileInputs, writeHostile } from '../../fixtures/hostile-prompts.ts';
import type { HostileInput, ExpectedRow } from '../../fixtures/hostile-input.ts';
import { sharedDatabase } from '../shared-database.ts';
import { emptyFolder, ingest } from '../stage-runner.ts';

interface Outcome {
  rows: [file: string, row: number, prompt: string | null][];
  faults: string[];
  blank: number;
  comments: number;
}

/** Reads a source to its end, skipping unreadable records. */
async function readAll(database: Database, source: string, { options = {} }: HostileInput): Promise<Outcome> {
  const found: Outcome = { rows: [], faults: [], blank: 0, comments: 0 };
  for (const file of (await findSources(source, options.split)).files) {
    for await (const batch of readPrompts(await unpacked(file, await emptyFolder()), database, options)) {
      batch.rows.forEach((row, i) => found.rows.push([file.name, row, batch.prompts[i]!]));
      found.faults.push(...batch.faults.map((fault) => describeFault(file.name, fault)));
      found.blank += batch.blank;
      found.comments += batch.comments;
    }
  }
  return found;
}

const withFile = (rows: readonly ExpectedRow[], file: string): Outcome['rows'] =>
  rows.map((row) => (row.length === 2 ? [file, ...row] : row));

async function check(database: Database, input: HostileInput): Promise<void> {
  const source = await writeHostile(input, await emptyFolder(), database);
  const { expected } = input;
  if ('refused' in expected) {
    const error = await readAll(database, source, input).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(InputError);
    expect((error as Error).message).toMatch(expected.refused);
    return;
  }
  const found = await readAll(database, source, input);
  const { rows, faults = [], blank = 0, comments = 0 } = expected;
  if (typeof rows === 'number') expect(found.rows).toHaveLength(rows);
  else expect(found.rows).toEqual(withFile(rows, source.split('/').at(-1)!));
  expect(found.faults).toHaveLength(faults.length);
  faults.forEach((fault, i) => expect(found.faults[i]).toMatch(fault));
  expect([found.blank, found.comments]).toEqual([blank, comments]);
  if (faults.length === 0) return;

  // Unless faults are skipped, the first one refuses the source.
  const whole = wholeFiles(
    database,
    (await findSources(source, input.options?.split)).files,
    await emptyFolder(),
    input.options ?? {},
  );
  const refused = drain(whole);
  await expect(refused).rejects.toThrow(InputError);
  await expect(refused).rejects.toThrow(found.faults[0]!);
}

/** Whether everything that an input writes is its source, a folder or a single file. */
const readsAll = ({ make, source }: HostileInput): boolean =>
  typeof make === 'function' ? !source?.includes('*') : source === 'd' || Object.keys(make).length === 1;

async function drain(batches: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of batches);
}

describe('hostile inputs are read correctly, or refused with file, row and reason', () => {
  it('at least sixty, each with its own name', () => {
    expect(new Set(hostileInputs.map(({ name }) => name)).size).toBe(hostileInputs.length);
    expect(hostileInputs.length).toBeGreaterThanOrEqual(60);
  });

  const database = sharedDatabase();

  it.each(hostileInputs.map((input) => [input.name, input] as const))(
    '%s',
    (_, input) => check(database(), input),
    20_000,
  );

  it('together, with every record counted: read, malformed or refused', async () => {
    const root = await emptyFolder();
    const total = { rows: 0, malformed: 0, blank: 0 };
    for (const [i, input] of hostileInputs.entries()) {
      if (!('rows' in input.expected) || input.options || !readsAll(input)) continue;
      await mkdir(join(root, String(i)));
      await writeHostile(input, join(root, String(i)), database());
      const { rows, faults = [], blank = 0 } = input.expected;
      total.rows += typeof rows === 'number' ? rows : rows.length;
      total.malformed += faults.length;
      total.blank += blank;
    }
    const folder = await ingest({ source: root, malformed: 'skip' });
    const { rows, malformed, files, samples } = JSON.parse(
      await readFile(join(folder, 'summary.json'), 'utf8'),
    ) as IngestSummary;
    const sum = (of: 'rows' | 'malformed' | 'blank'): number => files.reduce((all, file) => all + file[of], 0);
    expect({ rows, malformed, blank: sum('blank') }).toEqual(total);
    expect([sum('rows'), sum('malformed')]).toEqual([rows, malformed]);
    expect(samples.length).toBeGreaterThan(10);
    const parts = `read_parquet(${sqlString(join(folder, 'rows-*.parquet'))})`;
    const kept = await database().rows(`SELECT source, count(*) AS rows FROM ${parts} GROUP BY source`);
    expect(Object.fromEntries(kept.map((each) => [each['source'], each['rows']]))).toEqual(
      Object.fromEntries(files.filter((file) => file.rows > 0).map((file) => [file.name, file.rows])),
    );
  });
});
