import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects, type AsyncBuffer } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { RunError } from '../../common/errors.ts';
import type { PromptRow } from './shard-manifest.ts';
import { reasonOf } from '../../common/text/reason.ts';

type Metadata = Awaited<ReturnType<typeof parquetMetadataAsync>>;

/** An open shard, from which single row groups can be read. */
export class ShardFile {
  readonly #path: string;
  readonly #file: AsyncBuffer;
  readonly #metadata: Metadata;
  /** Start of each row group, then the number of rows. */
  readonly #starts: number[] = [0];

  private constructor(path: string, file: AsyncBuffer, metadata: Metadata) {
    [this.#path, this.#file, this.#metadata] = [path, file, metadata];
    for (const { num_rows } of metadata.row_groups) this.#starts.push(this.#starts.at(-1)! + Number(num_rows));
  }

  /** Opens a shard. @throws RunError when it cannot be read, or does not have `rows` rows */
  static async open(path: string, rows: number): Promise<ShardFile> {
    const file = await readable(path, async () => {
      const buffer = await asyncBufferFromFile(path);
      return new ShardFile(path, buffer, await parquetMetadataAsync(buffer));
    });
    const found = file.#starts.at(-1)!;
    if (found !== rows) throw new RunError(`${path}: ${found} rows, the manifest says ${rows}.`);
    return file;
  }

  /** Returns a row's row group, and its index in that group. */
  locate(row: number): { group: number; place: number } {
    const group = this.#starts.findIndex((start) => start > row) - 1;
    return { group, place: row - this.#starts[group]! };
  }

  readGroup(group: number): Promise<PromptRow[]> {
    return this.read(this.#starts[group]!, this.#starts[group + 1]!);
  }

  /** Reads the rows in [from, to). */
  read(from: number, to: number): Promise<PromptRow[]> {
    const [file, metadata] = [this.#file, this.#metadata];
    return readable(
      this.#path,
      async () =>
        (await parquetReadObjects({
          file,
          metadata,
          compressors,
          rowStart: from,
          rowEnd: to,
        })) as unknown as PromptRow[],
    );
  }
}

async function readable<T>(path: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    throw new RunError(`${path}: the shard cannot be read (${reasonOf(error)}); run the stage "shard" again.`);
  }
}
