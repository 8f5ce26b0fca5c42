import { Dictionary, Int32, Table, tableToIPC, Utf8, vectorFromArray } from 'apache-arrow';
import fc from 'fast-check';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { InputError } from '../../../common/errors.ts';
import { zstdSum } from '../../../datasets/sources/checksums.ts';
import { findSources } from '../../../datasets/sources/find-sources.ts';
import { readPrompts, unpacked } from '../../../datasets/sources/read-source.ts';
import { zstdFrame } from '../../fixtures/hostile-packed.ts';
import { sharedDatabase } from '../shared-database.ts';
import { emptyFolder } from '../stage-runner.ts';

const golden = join(import.meta.dirname, '../../golden/prompts');
const database = sharedDatabase();

type Outcome = { rows: unknown[]; records: number } | { refused: InputError };

/** Reads a file: returns its rows, or a sentence that names it. Any other error fails the test. */
async function outcome(name: string, bytes: Uint8Array): Promise<Outcome> {
  const folder = await emptyFolder();
  await writeFile(join(folder, name), bytes);
  const found = { rows: [] as unknown[], records: 0 };
  try {
    await mkdir(join(folder, 'scratch'));
    for (const file of (await findSources(join(folder, name))).files) {
      for await (const batch of readPrompts(await unpacked(file, join(folder, 'scratch')), database(), {})) {
        batch.rows.forEach((row, i) => found.rows.push([row, batch.prompts[i]]));
        found.records += batch.rows.length + batch.faults.length;
      }
    }
    return found;
  } catch (error) {
    if (!(error instanceof InputError)) throw new Error(`${name}: ${String(error)}`, { cause: error });
    expect(error.message).toContain(name);
    expect(error.message.length).toBeLessThan(1000);
    return { refused: error };
  } finally {
    await rm(folder, { recursive: true });
  }
}

const words = ['a', null, 'café', '', 'a red circle on a white background'];
const table = new Table({ prompt: vectorFromArray(words, new Utf8()) });
const text = 'prompt\na red circle\na blue square\ncafé\n'.repeat(20);
const packed = zstdFrame(Buffer.from(text));
packed[4]! |= 4;
const sum = Buffer.alloc(4);
sum.writeUInt32LE(zstdSum(Buffer.from(text)));

/** `told`: the format has check sums for everything that is read, so no change goes unnoticed. */
const files: Record<string, { bytes: () => Promise<Uint8Array> | Uint8Array; told: boolean }> = {
  'a.csv': { bytes: () => Buffer.from(text), told: false },
  'a.txt': { bytes: () => Buffer.from(text), told: false },
  'a.jsonl': { bytes: () => Buffer.from('{"prompt":"a cat","n":[1,2]}\n'.repeat(10)), told: false },
  'a.json': { bytes: () => Buffer.from(JSON.stringify(words.map((prompt) => ({ prompt })))), told: false },
  'a.csv.gz': { bytes: () => gzipSync(text), told: true },
  'a.csv.zst': { bytes: () => Buffer.concat([packed, sum]), told: true },
  'a.arrow': { bytes: () => tableToIPC(table, 'file'), told: false },
  'a.arrows': { bytes: () => tableToIPC(table, 'stream'), told: false },
  'lz4.feather': { bytes: () => readFile(join(golden, 'lz4.feather')), told: false },
  'nested.parquet': { bytes: () => readFile(join(golden, 'nested.parquet')), told: false },
  'bad-text.parquet': { bytes: () => readFile(join(golden, 'bad-text.parquet')), told: false },
};

it.each(Object.entries(files))(
  '%s with a byte flipped is what it was, or is refused by name',
  async (name, { bytes, told }) => {
    const whole = Buffer.from(await bytes());
    const before = await outcome(name, whole);
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), async (at, mask) => {
        const changed = Buffer.from(whole);
        changed[at]! ^= mask;
        const after = await outcome(name, changed);
        if (told && !('refused' in after)) expect(after).toEqual(before);
      }),
      { seed: 7, numRuns: 150 },
    );
  },
  60_000,
);

it.each(Object.entries(files).filter(([name]) => /arrow|feather|parquet|gz|zst|json$/.test(name)))(
  '%s that is cut short is refused by name',
  async (name, { bytes }) => {
    const whole = Buffer.from(await bytes());
    for (let length = whole.length - 1; length > 0; length -= 1 + Math.floor(whole.length / 60))
      expect(await outcome(name, whole.subarray(0, length)), `${length} bytes`).toHaveProperty('refused');
  },
  60_000,
);

it('pages of Parquet that have check sums never give other rows', async () => {
  const whole = await readFile(join(golden, 'sums.parquet'));
  const footer = whole.length - 8 - whole.readUInt32LE(whole.length - 8);
  const before = await outcome('sums.parquet', whole);
  for (let at = 4; at < footer; at++) {
    const changed = Buffer.from(whole);
    changed[at]! ^= 1 << (at % 8);
    const after = await outcome('sums.parquet', changed);
    if (!('refused' in after)) expect(after, `byte ${at}`).toEqual(before);
  }
});

/** The rows that are null; text may change unnoticed where there are no checksums, or be malformed. */
const nullsOf = ({ rows }: { rows: unknown[] }): number[] =>
  (rows as [number, string | null][]).flatMap(([row, prompt]) => (prompt === null ? [row] : []));

/** Every file that differs from the whole by one bit between two bytes, or in those of its bits that are 1. */
function* flipped(whole: Buffer, from: number, to: number, mask = 255): Generator<[at: string, changed: Buffer]> {
  for (let at = from; at < to; at++)
    for (let bit = 0; bit < 8; bit++) {
      if (((whole[at]! | mask) & (1 << bit)) === 0) continue;
      const changed = Buffer.from(whole);
      changed[at]! ^= 1 << bit;
      yield [`bit ${bit} of byte ${at}`, changed];
    }
}

it.each([
  'nulls.parquet',
  'no-nulls.parquet',
  'nulls-v2.parquet',
  'unstated.parquet',
  'unstated-snappy.parquet',
  'delta.parquet',
  'delta-v2.parquet',
])('the pages of %s, without checksums, with a bit flipped have as many nulls as before', async (name) => {
  const whole = await readFile(join(golden, name));
  const before = await outcome(name, whole);
  if ('refused' in before) throw before.refused;
  const footer = whole.length - 8 - whole.readUInt32LE(whole.length - 8);
  for (const [at, changed] of flipped(whole, 4, footer)) {
    const after = await outcome(name, changed);
    if (!('refused' in after)) expect(nullsOf(after), at).toHaveLength(nullsOf(before).length);
  }
});

it('names the file, the column and both counts where nulls of Parquet do not add up', async () => {
  const whole = await readFile(join(golden, 'no-nulls.parquet'));
  const refusals: string[] = [];
  for (const [, changed] of flipped(whole, 4, whole.length - 8 - whole.readUInt32LE(whole.length - 8))) {
    const after = await outcome('no-nulls.parquet', changed);
    if ('refused' in after) refusals.push(after.refused.message);
  }
  expect(refusals).toContain(
    'no-nulls.parquet: the column "prompt" has 0 texts, by the file\'s own statistics 5; the others are null. The file is damaged; fetch or write it anew.',
  );
});

it('says which page has levels that do not fit its values, where Parquet states no number of nulls', async () => {
  const whole = await readFile(join(golden, 'unstated.parquet'));
  const refusals: string[] = [];
  for (const [, changed] of flipped(whole, 4, whole.length - 8 - whole.readUInt32LE(whole.length - 8))) {
    const after = await outcome('unstated.parquet', changed);
    if ('refused' in after) refusals.push(after.refused.message);
  }
  expect(refusals).toContain(
    'unstated.parquet: cannot be read as Parquet; is it cut short or of another kind? (the levels of the page at byte 4 do not fit its values: 46 bytes follow its 3 texts)',
  );
});

const dictionary = new Table({ prompt: vectorFromArray(words, new Dictionary(new Utf8(), new Int32())) });
it.each([
  ['a.arrow', () => tableToIPC(table, 'file')],
  ['a.arrows', () => tableToIPC(table, 'stream')],
  ['dictionary.arrow', () => tableToIPC(dictionary, 'file')],
  ['lz4.feather', () => readFile(join(golden, 'lz4.feather'))],
  ['polars.arrow', () => readFile(join(golden, 'polars.arrow'))],
] as const)('%s with a bit of 1 turned to 0 has the nulls that it had', async (name, bytes) => {
  const whole = Buffer.from(await bytes());
  const before = await outcome(name, whole);
  if ('refused' in before) throw before.refused;
  for (const [at, changed] of flipped(whole, 0, whole.length, 0)) {
    const after = await outcome(name, changed);
    if (!('refused' in after)) expect(nullsOf(after), at).toEqual(nullsOf(before));
  }
});
