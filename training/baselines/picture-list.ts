import { open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { InputError } from '../../common/errors.ts';
import { readInput, readInputText, requireFile } from '../../common/files/input-file.ts';
import { reasonOf } from '../../common/text/reason.ts';

/** A picture of a folder and its caption. */
export interface ListedPicture {
  path: string;
  prompt: string;
}

/** Reads the first `count` pictures that a folder's metadata.jsonl lists. @throws InputError that names the line */
export async function pictureList(folder: string, count: number): Promise<ListedPicture[]> {
  const path = join(folder, 'metadata.jsonl');
  const text = await readInputText(path).catch((error: NodeJS.ErrnoException) => {
    throw new InputError(
      `${path} ${error.code === 'ENOENT' ? 'is missing' : `cannot be read: ${reasonOf(error)}`}; expected a line for each picture: {"file_name": "0001.png", "text": "..."}.`,
    );
  });
  const lines = text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .slice(0, count);
  if (lines.length === 0) throw new InputError(`${path} lists no pictures.`);
  return lines.map((line, i) => {
    const record = parseLine(line) as { file_name?: unknown; text?: unknown } | undefined;
    if (typeof record?.file_name !== 'string' || typeof record.text !== 'string')
      throw new InputError(`${path}, line ${i + 1}: expected {"file_name": "0001.png", "text": "..."}.`);
    // The folder's digest does not cover files elsewhere or with hidden names.
    if (record.file_name.split('/').some((part) => part === '' || part.startsWith('.')))
      throw new InputError(
        `${path}, line ${i + 1}: ${JSON.stringify(record.file_name)} is outside the folder or hidden; expected a visible file below it.`,
      );
    return { path: join(folder, record.file_name), prompt: record.text };
  });
}

/** Checks the files' headers. @throws InputError for a file that is not a PNG of `size` x `size` pixels */
export async function requirePictures(pictures: readonly ListedPicture[], size: number): Promise<void> {
  for (const { path } of pictures) {
    const { width, height } = await pngSize(path);
    requireSquare(path, width, height);
    if (width !== size)
      throw new InputError(`${path} is ${width} pixels wide; the model's pictures are ${size}. Resize it.`);
  }
}

export function requireSquare(path: string, width: number, height: number): void {
  if (width !== height) throw new InputError(`${path} is ${width} x ${height}; expected a square picture.`);
}

const SIGNATURE = '89504e470d0a1a0a';

async function pngSize(path: string): Promise<{ width: number; height: number }> {
  const file = await stat(path)
    .then((info) => (requireFile(info), open(path, 'r')))
    .catch((error: Error) => unreadable(path, error));
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(24), 0, 24, 0);
    if (bytesRead < 24 || buffer.toString('hex', 0, 8) !== SIGNATURE)
      throw new InputError(`${path} is not a PNG file.`);
    return { width: buffer.readUInt32BE(16), height: buffer.readUInt32BE(20) };
  } finally {
    await file.close();
  }
}

/** Reads a picture's bytes. @throws InputError */
export function readPicture(path: string): Promise<Buffer> {
  return readInput(path).catch((error: Error) => unreadable(path, error));
}

function unreadable(path: string, error: NodeJS.ErrnoException): never {
  throw new InputError(
    `${path} cannot be read: ${error.code === 'ENOENT' ? 'there is no such picture' : reasonOf(error)}.`,
  );
}

function parseLine(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
