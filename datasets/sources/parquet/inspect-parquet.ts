import { open } from 'node:fs/promises';
import { InputError } from '../../../common/errors.ts';
import { refuseForeign } from '../packed/signature.ts';
import { readFooter } from './footer.ts';
import { checkPages } from './pages.ts';
import { reasonOf } from '../../../common/text/reason.ts';

/**
 * Checks a Parquet file's metadata and the pages of one column before anything uses them: inconsistent lengths, offsets
 * and counts would yield wrong rows, or endless reading.
 * @param choose returns the index of the column
 * @returns the names of the file's columns, and how many texts each leaf of that column has, where the file says so
 * @throws InputError for a damaged file, or one of another kind
 */
export async function inspect(
  path: string,
  name: string,
  choose: (columns: string[]) => number,
): Promise<{ names: string[]; present: (number | undefined)[] }> {
  const file = await open(path, 'r').catch((error: Error) => {
    throw new InputError(`${name}: cannot be opened (${reasonOf(error)}).`);
  });
  const read = async (at: number, length: number): Promise<Buffer> => {
    const bytes = Buffer.alloc(length);
    const { bytesRead } = await file.read(bytes, 0, length, at);
    return bytes.subarray(0, bytesRead);
  };
  try {
    await refuseForeign(file, { name, kind: 'parquet' });
    const { columns, groups } = await readFooter((await file.stat()).size, read);
    const names = columns.map((column) => column.name);
    const [first, behind] = columns[choose(names)]!.leaves;
    const present = Array.from({ length: behind - first }, (): number | undefined => 0);
    for (const { chunks } of groups)
      for (const [leaf, chunk] of chunks.slice(first, behind).entries()) {
        const nulls = await checkPages(chunk, read);
        const before = present[leaf];
        present[leaf] = before === undefined || nulls === undefined ? undefined : before + chunk.values - nulls;
      }
    return { names, present };
  } catch (error) {
    if (error instanceof InputError) throw error;
    const said = reasonOf(error);
    throw new InputError(`${name}: cannot be read as Parquet; is it cut short or of another kind? (${said})`);
  } finally {
    await file.close();
  }
}
