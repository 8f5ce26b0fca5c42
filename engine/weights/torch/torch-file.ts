import { InputError } from '../../../common/errors.ts';
import { fileBytes, requireWeightKind, type FileBytes } from '../file-bytes.ts';
import { isWeight, lazyWeight, type Weights } from '../weight.ts';
import { readPickle, type Pickled } from './pickle.ts';
import { StoredTensor, readTensor, requireInside, storageOf, torchGlobals, type Storage } from './tensors.ts';
import { readZip } from './zip.ts';

/**
 * Reads the tensors of a file that torch.save() wrote (.pt, .pth, .bin, .ckpt), in either of its formats; values stay
 * in the file until accessed. The pickle inside can only build tensors and plain containers and runs nothing. A
 * dictionary is used directly, or the one inside it under one of {@link WRAPPERS}.
 * @throws InputError that names the tensor, the byte, or the Python name that is not allowed
 */
export async function readTorchWeights(path: string): Promise<Weights> {
  const file = fileBytes(path);
  requireWeightKind(file, 'a weight file of torch', ['zip', 'pickle']);
  const magic = Buffer.from(file.read(0, Math.min(4, file.size), 'its first bytes'));
  const { value, place } =
    magic.toString('latin1') === 'PK\x03\x04'
      ? readArchive(file)
      : magic[0] === 0x80
        ? readLegacy(file)
        : fail(file, 'it begins with neither a zip archive nor a pickle');
  const weights: Weights = new Map();
  for (const [name, tensor] of stateDict(file, value)) {
    if (!(tensor instanceof StoredTensor) || !isWeight(name)) continue;
    const read = () => readTensor(file, place(tensor.storage), tensor, `Tensor ${name} in ${path}`);
    weights.set(name, lazyWeight(tensor.shape, read));
  }
  return weights;
}

function fail(file: FileBytes, problem: string): never {
  throw new InputError(`${file.path} is not a weight file of torch: ${problem}.`);
}

interface Contents {
  value: Pickled;
  /** Position of a storage's first byte in the file. */
  place: (storage: Storage) => number;
}

const unpickle = (file: FileBytes, bytes: Uint8Array, start: number, offset: number, used: Set<Storage>) =>
  readPickle(
    bytes,
    {
      globals: torchGlobals,
      persistent: (id, at) => {
        const storage = storageOf(id, (problem) => fail(file, `its pickle ${problem}, at byte ${at}`));
        used.add(storage);
        return storage;
      },
    },
    { source: file.path, start, offset },
  );

/** Limit for a pickle, which is read whole; torch's describe tensors and hold none. */
const MAX_PICKLE_BYTES = 2 ** 26;

/** torch 1.6 and later: a zip archive with `NAME/data.pkl` and a storage in each `NAME/data/KEY`. */
function readArchive(file: FileBytes): Contents {
  const entries = readZip(file);
  const name =
    [...entries.keys()].find((entry) => /^[^/]+\/data\.pkl$/.test(entry)) ?? fail(file, 'it has no data.pkl');
  const root = name.slice(0, -'data.pkl'.length);
  const order = entries.get(`${root}byteorder`);
  if (order && Buffer.from(file.read(order.offset, Math.min(order.size, 8), 'byteorder')).toString() !== 'little')
    fail(file, 'its byte order is not little-endian');
  const { offset, size } = entries.get(name)!;
  if (size > MAX_PICKLE_BYTES) fail(file, `its pickle has ${size} bytes`);
  const used = new Set<Storage>();
  const { value } = unpickle(file, file.read(offset, size, 'its pickle'), 0, offset, used);
  const entryOf = ({ key }: Storage) =>
    entries.get(`${root}data/${key}`) ?? fail(file, `storage ${key} is missing from it`);
  for (const storage of used) requireInside(file, storage, entryOf(storage));
  return { value, place: (storage) => entryOf(storage).offset };
}

const MAGIC = 0x1950a86a20f9469cfc6cn;
const LEGACY_PROTOCOL = 1001;

/** Before torch 1.6: five pickles (magic, protocol, system, the object, the storages' keys), then the storages. */
function readLegacy(file: FileBytes): Contents {
  const bytes = file.read(0, Math.min(file.size, MAX_PICKLE_BYTES), 'its pickles');
  const used = new Set<Storage>();
  let end = 0;
  const next = (): Pickled => {
    const read = unpickle(file, bytes, end, 0, used);
    end = read.end;
    return read.value;
  };
  if (next() !== MAGIC) fail(file, "its first pickle is not torch's magic number");
  if (next() !== LEGACY_PROTOCOL) fail(file, `its protocol is not ${LEGACY_PROTOCOL}`);
  const system = next();
  if (!(system instanceof Map) || system.get('little_endian') !== true)
    fail(file, 'its byte order is not little-endian');
  const value = next();
  const keys = next();
  if (!Array.isArray(keys)) fail(file, 'it lists no storages');

  // Each storage is its number of elements (8 bytes) and its bytes.
  const byKey = new Map([...used].map((storage) => [storage.key, storage]));
  const places = new Map<string, number>();
  for (const key of keys as Pickled[]) {
    const storage = byKey.get(key as string) ?? fail(file, `its storage ${String(key)} is not part of any tensor`);
    const place = { offset: end + 8, size: Infinity };
    requireInside(file, storage, place);
    const length = new DataView(file.read(end, 8, `the length of storage ${storage.key}`).buffer).getBigUint64(0, true);
    if (length !== BigInt(storage.length))
      fail(file, `storage ${storage.key} has ${length} elements, expected ${storage.length}, at byte ${end}`);
    places.set(storage.key, place.offset);
    end = place.offset + storage.length * storage.bytesPerElement;
  }
  const place = ({ key }: Storage) => places.get(key) ?? fail(file, `storage ${key} is missing from it`);
  for (const storage of used) requireInside(file, storage, { offset: place(storage), size: Infinity });
  return { value, place };
}

/** Names under which programs store a network's weights beside other data. */
const WRAPPERS = ['state_dict', 'model_state_dict', 'model'];
/** Prefix that DataParallel adds to every name. */
const PARALLEL = 'module.';

/** The dictionary of tensors by name. */
function stateDict(file: FileBytes, value: Pickled, isWrapped = false): [string, Pickled][] {
  if (!(value instanceof Map)) fail(file, 'it does not hold a dictionary of tensors');
  const entries = [...(value as Map<Pickled, Pickled>)];
  const isTensor = ([, item]: [Pickled, Pickled]) => item instanceof StoredTensor;
  if (!entries.some(isTensor)) {
    const inner = WRAPPERS.map((name) => (value as Map<Pickled, Pickled>).get(name)).find(
      (item) => item instanceof Map,
    );
    if (!inner || isWrapped)
      fail(file, `it holds neither tensors nor a dictionary of them under ${WRAPPERS.join(', ')}`);
    return stateDict(file, inner, true);
  }
  const named = entries
    .filter((entry) => isTensor(entry))
    .map(([name, item]) => [String(name), item] as [string, Pickled]);
  return named.every(([name]) => name.startsWith(PARALLEL))
    ? named.map(([name, item]) => [name.slice(PARALLEL.length), item])
    : named;
}
