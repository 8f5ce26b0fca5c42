import {
  AsyncRecordBatchFileReader,
  CompressionType,
  compressionRegistry,
  DataType,
  RecordBatchReader,
  type RecordBatch,
  type Vector,
} from 'apache-arrow';
import { decompress as decompressZstd } from 'fzstd';
import { open, type FileHandle } from 'node:fs/promises';
import { InputError } from '../../../common/errors.ts';
import { batchSize, emptyBatch, type PromptBatch } from '../batch.ts';
import { promptOf, promptPlace } from '../columns.ts';
import { decompressLz4Frame } from './lz4.ts';

// A copy, since what comes may begin where no array of 8-byte numbers can.
compressionRegistry.set(CompressionType.ZSTD, { decode: (bytes) => decompressZstd(bytes).slice() });
compressionRegistry.set(CompressionType.LZ4_FRAME, { decode: decompressLz4Frame });

/** What a file begins and ends with. */
const fileMagic = 'ARROW1';
/** What a stream ends with: no more messages; before version 0.15 only the second half. */
const streamEnd = Buffer.from([0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0]);

/**
 * The prompt column of an Arrow IPC file or stream (also Feather version 2; bodies plain, LZ4 or zstd), batch by batch.
 * @throws InputError for what is no whole Arrow file, and for a prompt column that is not text
 */
export async function* readArrow(path: string, name: string, column?: string): AsyncGenerator<PromptBatch> {
  const file = await open(path, 'r').catch((error: Error) => {
    throw new InputError(`${name}: cannot be opened (${error.message}).`);
  });
  try {
    await checkEnds(file, name);
    const watched = new WatchedFile(file);
    const reader = await RecordBatchReader.from(watched as unknown as FileHandle);
    await reader.open();
    const { fields } = reader.schema;
    const place = promptPlace(
      name,
      fields.map((field) => field.name),
      column,
    );
    const { name: label, type } = fields[place.column]!;
    if (place.keys.length === 0 && !isText(type as DataType))
      throw new InputError(`${name}: the column "${label}" holds ${String(type)}; expected text.`);
    let row = 0;
    for await (const records of recordBatches(reader, watched)) {
      const values = records.getChildAt(place.column) as Vector;
      for (let at = 0; at < values.length; at += batchSize) {
        const batch = emptyBatch();
        for (let i = at; i < Math.min(at + batchSize, values.length); i++) {
          row++;
          const value: unknown = values.get(i);
          const found = promptOf(value instanceof Uint8Array ? bytesAsText(value) : value, place, label);
          if (found !== null && typeof found === 'object') batch.faults.push({ row, unit: 'row', ...found });
          else {
            batch.rows.push(row);
            batch.prompts.push(found);
          }
        }
        yield batch;
      }
    }
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw unreadable(name, (error as Error).message);
  } finally {
    await file.close().catch(() => {}); // the reader closes it at the end
  }
}

/** A file as the reader takes it, which asks for what lies behind the end again and again. */
class WatchedFile {
  readonly #file: FileHandle;
  readonly fd: number;
  /** Behind the last byte that was read. */
  end = 0;

  constructor(file: FileHandle) {
    this.#file = file;
    this.fd = file.fd;
  }
  stat() {
    return this.#file.stat();
  }
  close() {
    return this.#file.close();
  }
  async read(buffer: Uint8Array, offset: number, length: number, position: number) {
    const read = await this.#file.read(buffer, offset, length, position);
    if (read.bytesRead === 0 && length > 0) throw new Error(`nothing at byte ${position}`);
    this.end = Math.max(this.end, position + read.bytesRead);
    return read;
  }
}

/**
 * All record batches. The reader's own iterator asks for the same batch for ever when it is damaged, and is content with
 * a stream that ends before the file.
 */
async function* recordBatches(reader: RecordBatchReader, file: WatchedFile): AsyncGenerator<RecordBatch> {
  if (reader instanceof AsyncRecordBatchFileReader) {
    for (let i = 0; i < reader.numRecordBatches; i++) {
      const batch = await reader.readRecordBatch(i);
      if (!batch) throw new Error(`record batch ${i + 1} is none`);
      yield batch;
    }
    return;
  }
  const { size } = await file.stat();
  for await (const batch of reader) yield batch;
  if (file.end < size) throw new Error(`the stream ends at byte ${file.end}, the file at ${size}`);
}

/** Cut at a message's end, a file is taken for a stream and a stream for a whole one; only the last bytes tell. */
async function checkEnds(file: FileHandle, name: string): Promise<void> {
  const { size } = await file.stat();
  const read = async (at: number): Promise<Buffer> => {
    const bytes = Buffer.alloc(8);
    const { bytesRead } = await file.read(bytes, 0, 8, Math.max(0, at));
    return bytes.subarray(0, bytesRead);
  };
  const [start, end] = [await read(0), await read(size - 8)];
  const isFile = start.toString('latin1', 0, 6) === fileMagic;
  const whole = isFile
    ? size > 16 && end.toString('latin1', 2) === fileMagic
    : end.equals(streamEnd) || (end.readUInt32LE(4) === 0 && start.readUInt32LE(0) !== 0xffffffff);
  if (!whole) throw unreadable(name, `the mark at the end of ${isFile ? 'the file' : 'a stream'} is missing`);
}

function isText(type: DataType): boolean {
  if (DataType.isDictionary(type)) return isText(type.dictionary as DataType);
  return (
    DataType.isUtf8(type) ||
    DataType.isLargeUtf8(type) ||
    DataType.isUtf8View(type) ||
    DataType.isNull(type) ||
    isBytes(type)
  );
}

function isBytes(type: DataType): boolean {
  return DataType.isBinary(type) || DataType.isLargeBinary(type) || DataType.isBinaryView(type);
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Text that a database or a converter wrote as bytes. @returns the bytes again where they are no UTF-8 */
function bytesAsText(bytes: Uint8Array): string | Uint8Array {
  try {
    return utf8.decode(bytes);
  } catch {
    return bytes;
  }
}

function unreadable(name: string, said: string): InputError {
  return new InputError(`${name}: cannot be read as Arrow; is it cut short or of another kind? (${said})`);
}
