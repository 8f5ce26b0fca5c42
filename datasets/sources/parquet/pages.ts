import { crc32 } from 'node:zlib';
import { compressors } from 'hyparquet-compressors';
import { number, statedNulls, type Chunk } from './footer.ts';
import { checkTexts, countLevels, encodings, isDelta, type LevelCounts } from './page-levels.ts';
import { reasonOf } from '../../../common/text/reason.ts';
import { CutShort, readStruct, type Struct } from './thrift.ts';

type Read = (at: number, length: number) => Promise<Buffer>;

const [DATA, INDEX, DICTIONARY, DATA_V2] = [0, 1, 2, 3];
/** Field of the page header with the number of values, by kind of page. */
const detailsOf: Record<number, number> = { [DATA]: 5, [DICTIONARY]: 7, [DATA_V2]: 8 };
/** Parquet's codecs in the order of their numbers. */
const codecs = [undefined, 'SNAPPY', 'GZIP', undefined, 'BROTLI', 'LZ4', 'ZSTD', 'LZ4_RAW'] as const;
const firstLook = 1 << 12;
const longestHeader = 1 << 24;
/** Pages usually have a megabyte; the longest record fits many times. */
const largestPage = 1 << 30;

/** What is known of the values of a page. */
interface PageCounts {
  values: number;
  /** How many of them are null, and how many begin a row, where that is known. */
  nulls: number | undefined;
  rows: number | undefined;
}

/**
 * Checks that the pages of a column match it: they follow each other up to its end, have its number of values, of nulls and of
 * rows, and match their checksums, if any. Where nothing else tells damage (see {@link checkValues}), levels are compared with
 * values.
 * @returns how many of the values are null, where the file says so
 * @throws Error naming the inconsistency
 */
export async function checkPages(chunk: Chunk, read: Read): Promise<number | undefined> {
  let at = chunk.start;
  const all: PageCounts = { values: 0, nulls: 0, rows: 0 };
  while (at < chunk.end) {
    const { header, length } = await readHeader(at, chunk.end, read);
    const size = number(header, 3, `the size of the page at byte ${at}`);
    const unpacked = number(header, 2, `the size of the page at byte ${at}`);
    if (at + length + size > chunk.end || unpacked > largestPage || (chunk.codec === 0 && unpacked !== size))
      throw new Error(`the page at byte ${at} has ${size} bytes, unpacked ${unpacked}`);
    const body = at + length;
    const sum = header.get(4);
    const summed = typeof sum === 'number';
    if (summed && crc32(await read(body, size)) !== sum >>> 0)
      throw new Error(`the checksum of the page at byte ${at} is wrong`);
    const counts = statedCounts(header, at);
    if (counts) {
      const bytes = () => read(body, size);
      const levels = summed ? undefined : await checkValues(chunk, { header, at, counts, bytes });
      if (levels) Object.assign(counts, { nulls: counts.values - levels.present, rows: levels.rows });
      all.values += counts.values;
      all.nulls = sumOf(all.nulls, counts.nulls);
      all.rows = sumOf(all.rows, counts.rows);
    }
    at = body + size;
  }
  if (all.values !== chunk.values) throw new Error(`its pages have ${all.values} values, its column ${chunk.values}`);
  if (all.nulls !== undefined && chunk.nulls !== undefined && all.nulls !== chunk.nulls)
    throw new Error(`its pages have ${all.nulls} nulls, its column ${chunk.nulls}`);
  if (all.rows !== undefined && all.rows !== chunk.rows)
    throw new Error(`its pages have ${all.rows} rows, its row group ${chunk.rows}`);
  return chunk.nulls ?? all.nulls;
}

const sumOf = (a: number | undefined, b: number | undefined): number | undefined =>
  a === undefined || b === undefined ? undefined : a + b;

/** What the header of a page says of its values; undefined for pages without any. */
function statedCounts(header: Struct, at: number): PageCounts | undefined {
  const type = number(header, 1, `the kind of the page at byte ${at}`);
  if (type === INDEX) return undefined;
  const details = header.get(detailsOf[type] ?? -1);
  if (!(details instanceof Map)) throw new Error(`the page at byte ${at} is of an unknown kind`);
  const values = number(details, 1, `the values of the page at byte ${at}`);
  if (type === DICTIONARY) return undefined;
  const nulls = type === DATA ? statedNulls((details as Struct).get(5), 3) : statedNulls(details, 2);
  if (nulls !== undefined && nulls > values)
    throw new Error(`the page at byte ${at} has ${nulls} nulls, ${values} values`);
  const rows = type === DATA ? undefined : number(details, 3, `the rows of the page at byte ${at}`);
  return { values, nulls, rows };
}

/**
 * Checks the values of a data page without a checksum, where nothing else tells damage, or where the reader of the values
 * does not survive it, as with differences.
 * @returns counts by its levels; undefined where they were not needed, or the page cannot be unpacked here
 */
async function checkValues(
  chunk: Chunk,
  { header, at, counts, bytes }: { header: Struct; at: number; counts: PageCounts; bytes: () => Promise<Buffer> },
): Promise<LevelCounts | undefined> {
  const type = number(header, 1, 'kind');
  const details = header.get(detailsOf[type]!) as Struct;
  const [encoding, second, third] = (type === DATA ? [2, 3, 4] : [4, 5, 6]).map((field) => Number(details.get(field)));
  const stated = chunk.nulls ?? counts.nulls;
  if (stated !== undefined && !isDelta(encoding!)) return undefined;
  const length = number(header, 2, 'size');
  const { levels, texts } = chunk;
  try {
    if (type === DATA) {
      if (second !== encodings.rle || (levels.repetitions > 0 && third !== encodings.rle)) return undefined;
      const page = await unpack(await bytes(), chunk.codec, length);
      return page && countLevels(page, { values: counts.values, encoding: encoding!, levels, texts });
    }
    const before = second! + third!;
    const codec = details.get(7) === false ? 0 : chunk.codec;
    const values = await unpack((await bytes()).subarray(before), codec, length - before);
    if (values && texts && counts.nulls !== undefined) checkTexts(values, encoding!, counts.values - counts.nulls);
    return undefined;
  } catch (error) {
    throw new Error(`the levels of the page at byte ${at} do not fit its values: ${reasonOf(error)}`, { cause: error });
  }
}

/** A page's bytes unpacked. What cannot be unpacked here is left to the reader of the values, which refuses what is damaged. */
async function unpack(bytes: Buffer, codec: number, length: number): Promise<Uint8Array | undefined> {
  if (codec === 0) return bytes;
  const name = codecs[codec];
  try {
    const page = name && (await compressors[name]?.(bytes, length));
    return page && page.length === length ? page : undefined;
  } catch {
    return undefined;
  }
}

async function readHeader(at: number, end: number, read: Read): Promise<{ header: Struct; length: number }> {
  for (let look = firstLook; ; look *= 16) {
    const bytes = await read(at, Math.min(look, end - at));
    try {
      const { value, end } = readStruct(bytes);
      return { header: value, length: end };
    } catch (error) {
      if (!(error instanceof CutShort) || look >= Math.min(end - at, longestHeader)) throw error;
    }
  }
}
