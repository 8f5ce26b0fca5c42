import { InputError } from '../../../common/errors.ts';
import { decodeText } from '../text/decode-text.ts';
import { mayBeEmpty, type SourceFile } from '../source-file.ts';
import { openFile, unpack } from './unpack.ts';

/**
 * Reads the text of a file in pieces of about a megabyte: unpacked, converted to UTF-8, without a byte order mark. UTF-8
 * input is not checked here: the readers name the records that are invalid.
 * @param encoding a label of the WHATWG Encoding Standard
 * @param onBytes called with the number of (packed) bytes of the file read since its last call
 * @throws InputError for a file that cannot be opened, is cut short or has another encoding
 */
export async function* readBytes(
  file: SourceFile,
  encoding: string,
  onBytes: (bytes: number) => void,
): AsyncGenerator<Buffer> {
  const pieces = unpack(counted(openFile(file), onBytes), file);
  let any = false;
  for await (const piece of decodeText(pieces, file.name, encoding)) {
    any = true;
    yield piece;
  }
  if (!any && !mayBeEmpty(file)) throw new InputError(`${file.name}: the file is empty.`);
}

async function* counted(pieces: AsyncIterable<Buffer>, onBytes: (bytes: number) => void): AsyncGenerator<Buffer> {
  for await (const piece of pieces) {
    onBytes(piece.length);
    yield piece;
  }
}
