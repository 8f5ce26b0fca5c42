import { InputError } from '../../../common/errors.ts';
import { decodeText } from '../text/decode-text.ts';
import { mayBeEmpty } from '../source-file.ts';
import type { SourceFile } from '../source-file.ts';
import { openFile, unpack } from './unpack.ts';

/**
 * The text of a file as UTF-8 bytes in pieces of about a megabyte: unpacked, in UTF-8 whatever its encoding, without a byte
 * order mark. What claims to be UTF-8 is not checked here: the readers name the records that are not.
 * @param encoding a label of the WHATWG Encoding Standard
 * @param onBytes is told how many bytes of the file, packed as they are, have been read since it was told last
 * @throws InputError for a file that cannot be opened or is cut short, and for one of another encoding
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
