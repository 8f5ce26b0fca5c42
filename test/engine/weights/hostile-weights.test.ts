import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { InputError } from '../../../common/errors.ts';
import { readWeights } from '../../../engine/weights/weights.ts';

const folder = mkdtempSync(join(tmpdir(), 'hostile-'));
afterAll(() => rmSync(folder, { recursive: true }));
const golden = (name: string) => readFileSync(join(import.meta.dirname, '../../golden/torch', name));
/** The file that a weight file would create if it ran code. */
const trace = join(folder, 'it-ran');

const latin = (text: string) => Buffer.from(text, 'latin1');
const u32 = (value: number) => Buffer.from(Uint32Array.of(value).buffer);
const u64 = (value: bigint) => Buffer.from(BigUint64Array.of(value).buffer);
const text = (value: string) => Buffer.concat([latin('X'), u32(value.length), latin(value)]);
const pickle = (...parts: (string | Buffer)[]) =>
  Buffer.concat([
    latin('\x80\x02'),
    ...parts.map((part) => (typeof part === 'string' ? latin(part) : part)),
    latin('.'),
  ]);
const call = (module: string, name: string, ...values: (string | Buffer)[]) =>
  Buffer.concat([
    latin(`c${module}\n${name}\n(`),
    ...values.map((value) => (typeof value === 'string' ? latin(value) : value)),
    latin('tR'),
  ]);

interface Entry {
  content: Buffer;
  method?: number;
  size?: number;
  flags?: number;
}

/** A zip archive, valid except for its entries' fields. */
function zip(
  entries: Record<string, Entry | Buffer>,
  { cut = 0, count }: { cut?: number; count?: number } = {},
): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const [name, entry] of Object.entries(entries)) {
    const {
      content,
      method = 0,
      flags = 0,
      size = content.length,
    } = Buffer.isBuffer(entry) ? { content: entry } : entry;
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50);
    local.writeUInt16LE(name.length, 26);
    const central = Buffer.alloc(46);
    central.writeUInt32LE(0x02014b50);
    central.writeUInt16LE(flags, 8);
    central.writeUInt16LE(method, 10);
    central.writeUInt32LE(method === 0 ? size : content.length, 20);
    central.writeUInt32LE(size, 24);
    central.writeUInt16LE(name.length, 28);
    central.writeUInt32LE(offset, 42);
    parts.push(local, latin(name), content);
    directory.push(central, latin(name));
    offset += 30 + name.length + content.length;
  }
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50);
  end.writeUInt16LE(count ?? Object.keys(entries).length, 10);
  end.writeUInt32LE(Buffer.concat(directory).length, 12);
  end.writeUInt32LE(offset, 16);
  const whole = Buffer.concat([...parts, ...directory, end]);
  return whole.subarray(0, whole.length - cut);
}

const archive = (data: Buffer, storages: Record<string, Entry | Buffer> = { 'a/data/0': Buffer.alloc(16) }) =>
  zip({ 'a/data.pkl': data, ...storages });
/** {'w': a tensor}, with the parts of its pickle as parameters. */
const tensor = ({
  offset = 'K\x00',
  shape = 'K\x04\x85',
  stride = 'K\x01\x85',
  length = 'K\x04',
  type = 'FloatStorage',
  key = '0',
} = {}) =>
  pickle(
    '}',
    text('w'),
    call(
      'torch._utils',
      '_rebuild_tensor_v2',
      '(',
      text('storage'),
      `ctorch\n${type}\n`,
      text(key),
      text('cpu'),
      length,
      'tQ',
      offset,
      shape,
      stride,
      '\x89N',
    ),
    's',
  );

const safetensors = (header: unknown, dataBytes = 16, length?: bigint) => {
  const json = latin(typeof header === 'string' ? header : JSON.stringify(header));
  return Buffer.concat([u64(length ?? BigInt(json.length)), json, Buffer.alloc(dataBytes)]);
};
const f32 = (begin: number, end: number, shape = [(end - begin) / 4]) => ({
  dtype: 'F32',
  shape,
  data_offsets: [begin, end],
});
const magic = pickle('\x8a\x0a', Buffer.from('6cfc9c46f9206aa85019', 'hex'));
const legacy = (...rest: Buffer[]) => Buffer.concat([magic, ...rest]);
const protocol = pickle('M\xe9\x03');
const system = pickle('}', text('little_endian'), '\x88s');

/** Each must be refused for the given reason, naming the tensor or the byte. */
// prettier-ignore
const hostile: [name: string, file: string, content: Buffer, message: RegExp][] = [
  ['a header of 2^63 bytes', 'a.safetensors', safetensors({}, 0, 2n ** 63n), /declares a header of 9223372036854775808 bytes/],
  ['overlapping offsets', 'a.safetensors', safetensors({ a: f32(0, 12), b: f32(8, 16) }), /Tensors a and b .* overlap at byte 8/],
  ['negative offsets', 'a.safetensors', safetensors({ a: f32(-4, 12) }), /Tensor a .* data_offsets \[-4, 12\]/],
  ['offsets that are not numbers', 'a.safetensors', safetensors('{"a":{"dtype":"F32","shape":[4],"data_offsets":[0,1e999]}}'), /Tensor a .* data_offsets/],
  ['data that is cut', 'a.safetensors', safetensors({ a: f32(0, 32) }), /Tensor a .* bytes 0 to 32 of 16 .* truncated/],
  ['a shape of more than the bytes', 'a.safetensors', safetensors({ a: f32(0, 16, [2 ** 40, 2 ** 40]) }), /Tensor a .* has 16 bytes, but dtype F32 and shape/],
  ['integers for weights', 'a.safetensors', safetensors({ a: { dtype: 'I64', shape: [2], data_offsets: [0, 16] } }), /Tensor a .* has dtype I64; expected F32/],
  ['an unknown dtype', 'a.safetensors', safetensors({ a: { dtype: 'F4', shape: [4], data_offsets: [0, 16] } }), /Tensor a .* unknown dtype "F4"/],
  ['a header of nested lists', 'a.safetensors', safetensors('['.repeat(200_000) + ']'.repeat(200_000)), /a.safetensors is not a safetensors file/],

  ['a call of os.system', 'a.pt', archive(pickle(call('posix', 'system', text(`touch ${trace}`)))), /names "posix.system", which is not allowed.* nothing was run, at byte \d+/],
  ['a call of it in the old format', 'a.ckpt', legacy(protocol, system, pickle(call('os', 'system', text(`touch ${trace}`)))), /names "os.system".* at byte \d+/],
  ['eval by its stacked name', 'a.pt', archive(pickle('\x8c\x08builtins\x8c\x04eval\x93', '(', text('1'), 'tR')), /names "builtins.eval"/],
  ['a name with line breaks', 'a.pt', archive(pickle(text('torch\n'), text('FloatStorage'), '\x93.')), /names "torch\\n.FloatStorage"/],
  ['a name of JavaScript', 'a.pt', archive(pickle('cconstructor\nconstructor\n')), /names "constructor.constructor"/],
  ['another object', 'a.pt', archive(pickle('ccollections\nOrderedDict\n)\x81')), /operation 0x81, which is not allowed, at byte/],
  ['an instance', 'a.pt', archive(pickle('(', text('ls'), 'ios\nsystem\n')), /operation 0x69, which is not allowed/],
  ['a registered extension', 'a.pt', archive(pickle('\x82\x01')), /operation 0x82/],
  ['a buffer from outside', 'a.pt', archive(pickle('\x97')), /operation 0x97/],
  ['a value that is called', 'a.pt', archive(pickle(text('x'), ')R')), /calls something that cannot be called/],
  ['a dictionary made of something else', 'a.pt', archive(pickle(call('collections', 'OrderedDict', 'K\x05'))), /builds something invalid/],
  ['a text of 2^63 bytes', 'a.pt', archive(pickle('\x8d', u64(2n ** 63n))), /needs 9223372036854775808 bytes where .* truncated, at byte/],
  ['a number of 2^31 bytes', 'a.pt', archive(pickle('\x8b', u32(2 ** 31))), /needs 2147483648 bytes/],
  ['a number of many digits', 'a.pt', archive(pickle(`L${'9'.repeat(1000)}L\n`)), /where a number is expected/],
  ['a line without an end', 'a.pt', archive(latin('\x80\x02Iabc')), /ends within a line/],
  ['no end', 'a.pt', archive(latin('\x80\x02}')), /needs 1 bytes where 0 are left: it is truncated/],
  ['a stack that is empty', 'a.pt', archive(pickle('\x85')), /takes a value from an empty stack/],
  ['a mark that is not there', 'a.pt', archive(pickle('t')), /looks for a missing mark/],
  ['a value that was not made', 'a.pt', archive(pickle('h\x07')), /refers to value 7, which it has not made/],
  ['a bomb of marks', 'a.pt', archive(pickle('('.repeat(1_100_000))), /a stack of more than 1000000 values/],
  ['a tower of tuples', 'a.pt', archive(pickle('N', '\x85'.repeat(900_000))), /does not hold a dictionary of tensors/],
  ['a dictionary in itself', 'a.pt', archive(pickle('}q\x00', text('state_dict'), 'h\x00s')), /holds neither tensors/],
  ['a later protocol', 'a.pt', archive(latin('\x80\x09N.')), /protocol 9; the latest supported is 5/],

  ['a view beyond its storage', 'a.pt', archive(tensor({ shape: 'K\x05\x85' })), /tensor of shape \[5\], strides \[1\] and offset 0 reaches beyond its storage 0 of 4 elements\), at byte/],
  ['an offset beyond it', 'a.pt', archive(tensor({ offset: 'K\x01' })), /offset 1 reaches beyond its storage/],
  ['strides beyond it', 'a.pt', archive(tensor({ shape: 'K\x02K\x02\x86', stride: 'K\x04K\x01\x86' })), /strides \[4, 1\] and offset 0 reaches beyond/],
  ['a negative stride', 'a.pt', archive(tensor({ stride: 'J\xff\xff\xff\xff\x85', offset: 'K\x03' })), /strides \[-1\]/],
  ['a stride of zero to fill the memory', 'a.pt', archive(tensor({ shape: 'J\xff\xff\xff\x7f\x85', stride: 'K\x00\x85' })), /reaches beyond its storage/],
  ['a shape that is not a number', 'a.pt', archive(tensor({ shape: 'G\x7f\xf8\x00\x00\x00\x00\x00\x00\x85' })), /tensor of shape \[NaN\]/],
  ['a storage that is cut', 'a.pt', archive(tensor({ length: 'M\xff\xff' })), /storage 0 declares 65535 elements of F32, 262140 bytes, but 16 are there/],
  ['a storage that is missing', 'a.pt', archive(tensor({ key: '../../etc/passwd' })), /storage ..\/..\/etc\/passwd is missing from it/],
  ['a storage of integers', 'a.pt', archive(tensor({ type: 'IntStorage' })), /Tensor w .* has dtype I32; expected F32/],
  ['a storage that is not one', 'a.pt', archive(pickle(text('x'), 'Q')), /refers to something that is not a storage, at byte/],

  ['an entry that is compressed', 'a.pt', zip({ 'a/data.pkl': { content: deflateRawSync(Buffer.alloc(1e6)), method: 8, size: 1e6 } }), /entry a\/data.pkl is compressed/],
  ['an entry that unfolds', 'a.pt', zip({ 'a/data.pkl': tensor(), 'a/data/0': { content: deflateRawSync(Buffer.alloc(1e6)), method: 8, size: 2 ** 31 } }), /entry a\/data\/0 is compressed/],
  ['an entry beyond the file', 'a.pt', zip({ 'a/data.pkl': tensor(), 'a/data/0': { content: Buffer.alloc(16), size: 2 ** 31 } }), /entry a\/data\/0 would lie at bytes .* truncated/],
  ['an entry that is encrypted', 'a.pt', zip({ 'a/data.pkl': { content: tensor(), flags: 1 } }), /entry a\/data.pkl is encrypted/],
  ['more entries than there are', 'a.pt', zip({ 'a/data.pkl': tensor() }, { count: 60_000 }), /entry 1 of its directory is broken/],
  ['an archive that is cut', 'a.pt', zip({ 'a/data.pkl': tensor() }, { cut: 30 }), /end record is missing: it is truncated/],
  ['an archive of something else', 'a.pt', zip({ '../../etc/passwd': Buffer.from('x') }), /has no data.pkl/],
  ['another byte order', 'a.pt', zip({ 'a/byteorder': latin('big'), 'a/data.pkl': tensor() }), /byte order is not little-endian/],

  ['an old file with another magic number', 'a.ckpt', pickle('K\x01'), /first pickle is not torch's magic number/],
  ['an old file that lists no storages', 'a.ckpt', legacy(protocol, system, pickle('}'), pickle('}')), /lists no storages/],
  ['an old file with storages of no tensor', 'a.ckpt', legacy(protocol, system, pickle('}'), pickle(']', text('9'), 'a')), /storage 9 is not part of any tensor/],
  ['an old file with another length', 'a.ckpt', legacy(protocol, system, tensor(), pickle(']', text('0'), 'a'), u64(5n), Buffer.alloc(16)), /storage 0 has 5 elements, expected 4, at byte/],
  ['an old file that is cut', 'a.ckpt', legacy(protocol, system, tensor(), pickle(']', text('0'), 'a'), u64(4n), Buffer.alloc(9)), /storage 0 declares 4 elements .* 9 are there: it is truncated/],
  ['something else', 'a.pt', Buffer.from('<html>404</html>'), /a.pt is an HTML page; expected a weight file of torch/],
  ['nothing', 'a.pt', Buffer.alloc(0), /a.pt is an empty file/],
];

describe('a hostile weight file is an InputError that says what is wrong', () => {
  it.each(hostile)('%s', async (_name, file, content, message) => {
    const path = join(folder, file);
    writeFileSync(path, content);
    const before = process.memoryUsage();
    const error: unknown = await readAll(path).catch((e: unknown) => e);
    const after = process.memoryUsage();
    expect(error).toBeInstanceOf(InputError);
    expect((error as Error).message).toMatch(message);
    expect((error as Error).message).toContain(file);
    expect(after.arrayBuffers - before.arrayBuffers).toBeLessThan(2 ** 26);
    expect(existsSync(trace)).toBe(false);
  });

  it('their building blocks are read when they are valid', async () => {
    const path = join(folder, 'good.pt');
    writeFileSync(path, archive(tensor(), { 'a/data/0': Buffer.from(Float32Array.of(1, 2, 3, 4).buffer) }));
    expect((await readWeights(path)).get('w')!.data).toEqual(Float32Array.of(1, 2, 3, 4));
    const old = join(folder, 'good.ckpt');
    writeFileSync(
      old,
      legacy(
        protocol,
        system,
        tensor(),
        pickle(']', text('0'), 'a'),
        u64(4n),
        Buffer.from(Float32Array.of(1, 2, 3, 4).buffer),
      ),
    );
    expect((await readWeights(old)).get('w')!.data).toEqual(Float32Array.of(1, 2, 3, 4));
  });

  it.each(['zip.pt', 'legacy.pth', 'lightning.ckpt'])('%s with any bytes changed or cut', async (name) => {
    const valid = golden(name);
    const path = join(folder, `fuzz-${name}`);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(valid.length - 1), fc.nat(255)), { maxLength: 6 }),
        fc.oneof(fc.constant(valid.length), fc.nat(valid.length)),
        async (edits, cut) => {
          const bytes = Buffer.from(valid.subarray(0, cut));
          for (const [at, value] of edits) if (at < bytes.length) bytes[at] = value;
          writeFileSync(path, bytes);
          await readAll(path).catch((error: unknown) => expect(error).toBeInstanceOf(InputError));
        },
      ),
      { numRuns: 150 },
    );
  });
});

async function readAll(path: string): Promise<void> {
  for (const weight of (await readWeights(path)).values()) void weight.data;
}
