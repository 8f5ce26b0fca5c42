import { InputError } from '../errors.ts';

interface Kind {
  /** With its article. */
  name: string;
  is(head: Buffer, size: number): boolean;
  /** In the imperative. */
  remedy: string;
}

const startsWith =
  (...starts: readonly string[]) =>
  (head: Buffer): boolean =>
    starts.some((start) => head.subarray(0, start.length).toString('latin1') === start);
const text = (head: Buffer): string =>
  head
    .toString('utf8')
    .replace(/^\ufeff/, '')
    .trimStart();
/** Recognizes a safetensors file: the length of its header, then a JSON object. */
const isSafetensors = (head: Buffer, size: number): boolean =>
  size > 9 &&
  head[8] === 0x7b &&
  head.readBigUInt64LE(0) < 2n ** 40n &&
  head.subarray(5, 8).every((byte) => byte === 0);
const again = 'Download the file again, from its own address';
const convert = 'Convert it to safetensors';

/** Kinds of file, recognized by content rather than name. The first match counts. */
const KINDS = {
  empty: { name: 'an empty file', is: (_, size) => size === 0, remedy: again },
  // Before all kinds with magic bytes: the length of the header comes first here, and 640 is 80 02, as a pickle begins.
  safetensors: {
    name: 'a safetensors file',
    is: isSafetensors,
    remedy: 'Give it the ending .safetensors',
  },
  lfs: {
    name: 'a git-LFS pointer, not the file itself',
    is: startsWith('version https://git-lfs.github.com/'),
    remedy: 'Fetch the file with "git lfs pull", or download it',
  },
  html: { name: 'an HTML page', is: (head) => /^<(!doctype html|html|head|body)\b/i.test(text(head)), remedy: again },
  xml: { name: 'an XML document', is: (head) => text(head).startsWith('<?xml'), remedy: again },
  zip: {
    name: 'a zip archive, as torch.save() writes',
    is: startsWith('PK\x03\x04', 'PK\x05\x06'),
    remedy: 'Give weights of torch the ending .bin, .pt, .pth or .ckpt',
  },
  pickle: {
    name: 'a pickle, as torch.save() writes',
    is: (head) => head[0] === 0x80 && head[1]! >= 2 && head[1]! <= 5,
    remedy: 'Give weights of torch the ending .bin, .pt, .pth or .ckpt',
  },
  gzip: { name: 'a gzip file', is: startsWith('\x1f\x8b'), remedy: 'Unpack it' },
  gguf: { name: 'a GGUF file', is: startsWith('GGUF'), remedy: convert },
  hdf5: { name: 'an HDF5 file', is: startsWith('\x89HDF\r\n\x1a\n'), remedy: convert },
  picture: { name: 'a picture', is: startsWith('\x89PNG', '\xff\xd8\xff', 'GIF8'), remedy: again },
  json: { name: 'JSON', is: (head) => /^[{[]\s*(["{[\]}\d]|$)/.test(text(head)), remedy: again },
} satisfies Record<string, Kind>;
export type FileKind = keyof typeof KINDS;

/** Bytes at the beginning of a file that reveal its kind. */
export const HEAD_BYTES = 512;

/** Returns the kind of a file; undefined for an unknown one. @param head its first bytes, up to {@link HEAD_BYTES} */
export function fileKind(head: Uint8Array, size: number): FileKind | undefined {
  const bytes = Buffer.from(head.buffer, head.byteOffset, Math.min(head.byteLength, HEAD_BYTES));
  return (Object.keys(KINDS) as FileKind[]).find((kind) => (KINDS[kind] as Kind).is(bytes, size));
}

/**
 * Checks that a file is not something other than its name says: a git-LFS pointer, a web page, weights in another
 * format. An unknown kind passes, since the format's own reader reports what is wrong.
 * @param expected the expected kind, for the message
 * @param kinds the kinds allowed
 * @throws InputError that says what the file is and what to do
 */
export function requireKind(
  path: string,
  head: Uint8Array,
  size: number,
  expected: string,
  kinds: readonly FileKind[],
): void {
  const kind = fileKind(head, size);
  if (kind === undefined || kinds.includes(kind)) return;
  const { name, remedy } = KINDS[kind];
  const begins = kind === 'json' ? ` (it begins ${JSON.stringify(excerpt(head))})` : '';
  throw new InputError(`${path} is ${name}${begins}; expected ${expected}. ${remedy}.`);
}

const excerpt = (head: Uint8Array): string => Buffer.from(head).toString('utf8').slice(0, 60).replace(/\s+/g, ' ');
