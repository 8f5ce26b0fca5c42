import { crc32 } from 'node:zlib';
import { number, statedNulls, type Chunk } from './footer.ts';
import { CutShort, readStruct, type Struct } from './thrift.ts';

type Read = (at: number, length: number) => Promise<Buffer>;

const [DATA, INDEX, DICTIONARY, DATA_V2] = [0, 1, 2, 3];
/** Field of the page header with the number of values, by kind of page. */
const detailsOf: Record<number, number> = { [DATA]: 5, [DICTIONARY]: 7, [DATA_V2]: 8 };
const firstLook = 1 << 12;
const longestHeader = 1 << 24;
/** Pages usually have a megabyte; the longest record fits many times. */
const largestPage = 1 << 30;

/**
 * Checks that the pages of a column match it: they follow each other up to its end, have its number of values and of nulls,
 * and match their checksums, if any.
 * @returns how many of the values are null, where the file says so
 * @throws Error naming the inconsistency
 */
export async function checkPages(chunk: Chunk, read: Read): Promise<number | undefined> {
  let at = chunk.start;
  let values = 0;
  let nulls: number | undefined = 0;
  while (at < chunk.end) {
    const { header, length } = await readHeader(at, chunk.end, read);
    const type = number(header, 1, `the kind of the page at byte ${at}`);
    const [unpacked, size] = [2, 3].map((field) => number(header, field, `the size of the page at byte ${at}`));
    if (at + length + size! > chunk.end || unpacked! > largestPage || (chunk.codec === 0 && unpacked !== size))
      throw new Error(`the page at byte ${at} has ${size} bytes, unpacked ${unpacked}`);
    const details = header.get(detailsOf[type] ?? -1);
    if (type !== INDEX && !(details instanceof Map)) throw new Error(`the page at byte ${at} is of an unknown kind`);
    const count = details instanceof Map ? number(details, 1, `the values of the page at byte ${at}`) : 0;
    if (type === DATA || type === DATA_V2) {
      const own = type === DATA ? statedNulls((details as Struct).get(5), 3) : statedNulls(details, 2);
      if (own !== undefined && own > count) throw new Error(`the page at byte ${at} has ${own} nulls, ${count} values`);
      values += count;
      nulls = own === undefined || nulls === undefined ? undefined : nulls + own;
    }
    const sum = header.get(4);
    if (typeof sum === 'number' && crc32(await read(at + length, size!)) !== sum >>> 0)
      throw new Error(`the checksum of the page at byte ${at} is wrong`);
    at += length + size!;
  }
  if (values !== chunk.values) throw new Error(`its pages have ${values} values, its column ${chunk.values}`);
  if (nulls !== undefined && chunk.nulls !== undefined && nulls !== chunk.nulls)
    throw new Error(`its pages have ${nulls} nulls, its column ${chunk.nulls}`);
  return chunk.nulls ?? nulls;
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
