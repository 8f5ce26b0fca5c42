import type { FileHandle } from 'node:fs/promises';
import { InputError } from '../../../common/errors.ts';
import type { SourceFile } from '../source-file.ts';

/** File signatures, and the kinds of file they identify. */
const signatures: readonly (readonly [start: string, kind: string, what: string])[] = [
  ['1f8b', 'gz', 'gzip'],
  ['28b52ffd', 'zst', 'zstd'],
  ['425a68', 'bz2', 'bzip2'],
  ['fd377a585a00', 'xz', 'xz'],
  ['504b0304', 'zip', 'a ZIP archive or an office document'],
  ['50415231', 'parquet', 'Parquet'],
  ['4152524f5731', 'arrow', 'Arrow'],
  ['46454131', 'feather1', 'Feather version 1'],
  ['25504446', 'pdf', 'PDF'],
  ['53514c69746520666f726d6174203300', 'sqlite', 'an SQLite database'],
];
type Named = Pick<SourceFile, 'name' | 'kind' | 'packing'>;

const pointer = 'version https://git-lfs.github.com/spec/';

/**
 * Describes what a file really is if its name says otherwise: "is packed; ...".
 * @param bytes the beginning of the file
 */
export function foreign(bytes: Buffer, { name, kind, packing }: Named): string | undefined {
  const start = bytes.subarray(0, 16).toString('hex');
  const [, found, what] = signatures.find(([signature]) => start.startsWith(signature)) ?? [];
  if (bytes.subarray(0, pointer.length).toString('latin1') === pointer)
    return 'is a Git LFS pointer, not the file itself; fetch it (git lfs pull)';
  if (found === (packing ?? kind) || found === undefined) return undefined;
  if (found === 'feather1') return `is ${what}; write it again as version 2, which is Arrow`;
  if (packing !== undefined) return `is ${what}, not ${packing === 'gz' ? 'gzip' : 'zstd'}; rename it accordingly`;
  if (found === 'gz' || found === 'zst') return `is packed; rename it, for example to ${name}.${found}`;
  return `is ${what}, though its name says ${kind}`;
}

/** @throws InputError for a file that is not what its name says */
export async function refuseForeign(handle: FileHandle, file: Named): Promise<void> {
  const bytes = Buffer.alloc(64);
  const { bytesRead } = await handle.read(bytes, 0, bytes.length, 0);
  const said = foreign(bytes.subarray(0, bytesRead), file);
  if (said !== undefined) throw new InputError(`${file.name}: ${said}.`);
}
