import { InputError } from '../../../common/errors.ts';
import { reasonOf } from '../../../common/text/reason.ts';

/** A value that a pickle may build. Dictionaries are maps, tuples and lists are arrays. */
export type Pickled = unknown;

/** What a pickle's names stand for. It can name these and nothing else, so it can run nothing else. */
export interface PickleNames {
  /** `module.name` to what it becomes: a value, or a function that the pickle may call with its own values. */
  globals: ReadonlyMap<string, unknown>;
  /** The object that a persistent id stands for. */
  persistent: (id: Pickled, at: number) => Pickled;
}

/** What becomes of an object that plays no part: whatever is said about it is read over. */
export class Ignored {}

const MARK = Symbol('mark');
/** Deeper stacks are no weight file. */
const MAX_STACK = 1_000_000;

/**
 * Reads one pickle (protocols 0 to 5) as Python's `pickle.Unpickler` does, but builds plain containers and what `names`
 * allows only: every other name, and every way to make or change an object of another class, is an InputError.
 * https://github.com/python/cpython/blob/main/Lib/pickletools.py describes the operations.
 * @param source the file, for messages
 * @param start the first byte, `offset` the place of byte 0 in the file, for messages
 * @returns the value and the place after its last byte
 */
export function readPickle(
  bytes: Uint8Array,
  names: PickleNames,
  { source, start = 0, offset = 0 }: { source: string; start?: number; offset?: number },
): { value: Pickled; end: number } {
  const machine = new PickleMachine(bytes, names, source, start, offset);
  return { value: machine.run(), end: machine.position };
}

class PickleMachine {
  position: number;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #names: PickleNames;
  readonly #source: string;
  readonly #offset: number;
  /** Where the operation that is done now begins. */
  #at = 0;
  readonly #stack: Pickled[] = [];
  readonly #memo = new Map<number, Pickled>();

  constructor(bytes: Uint8Array, names: PickleNames, source: string, start: number, offset: number) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#names = names;
    this.#source = source;
    this.#offset = offset;
    this.position = start;
  }

  run(): Pickled {
    for (;;) {
      this.#at = this.position;
      const code = this.#number(1);
      if (code === STOP) return this.#pop();
      const operation = operations[code];
      if (!operation) this.#fail(`has the operation 0x${code.toString(16).padStart(2, '0')}, which is not allowed`);
      operation(this);
      if (this.#stack.length > MAX_STACK) this.#fail(`needs a stack of more than ${MAX_STACK} values`);
    }
  }

  fail(problem: string): never {
    return this.#fail(problem);
  }

  #fail(problem: string): never {
    throw new InputError(`The pickle in ${this.#source} ${problem}, at byte ${this.#offset + this.#at}.`);
  }

  push(value: Pickled): void {
    this.#stack.push(value);
  }

  pop(): Pickled {
    return this.#pop();
  }

  #pop(): Pickled {
    if (this.#stack.length === 0 || this.#stack.at(-1) === MARK) this.#fail('takes a value from an empty stack');
    return this.#stack.pop();
  }

  peek<T>(isKind: (value: unknown) => value is T, kind: string): T {
    const value = this.#stack.at(-1);
    if (!isKind(value)) this.#fail(`changes something that is not a ${kind}`);
    return value;
  }

  mark(): void {
    this.#stack.push(MARK);
  }

  /** The values above the last mark, which are taken off with it. */
  popMark(): Pickled[] {
    const mark = this.#stack.lastIndexOf(MARK);
    if (mark < 0) this.#fail('looks for a mark that is not there');
    const values = this.#stack.splice(mark);
    return values.slice(1);
  }

  put(index: number): void {
    if (this.#stack.length === 0) this.#fail('takes a value from an empty stack');
    this.#memo.set(index, this.#stack.at(-1));
  }

  memoize(): void {
    this.put(this.#memo.size);
  }

  get(index: number): void {
    if (!this.#memo.has(index)) this.#fail(`refers to value ${index}, which it has not made`);
    this.#stack.push(this.#memo.get(index));
  }

  /** The next `length` bytes. */
  take(length: number | bigint): Uint8Array {
    const left = this.#bytes.length - this.position;
    if (length > left) this.#fail(`needs ${length} bytes where ${left} are left: it is truncated`);
    this.position += Number(length);
    return this.#bytes.subarray(this.position - Number(length), this.position);
  }

  /** A little-endian unsigned number. */
  number(bytes: 1 | 2 | 4): number {
    return this.#number(bytes);
  }

  #number(bytes: 1 | 2 | 4): number {
    this.take(bytes);
    const at = this.position - bytes;
    return bytes === 1
      ? this.#view.getUint8(at)
      : bytes === 2
        ? this.#view.getUint16(at, true)
        : this.#view.getUint32(at, true);
  }

  int32(): number {
    return this.#number(4) | 0;
  }

  uint64(): bigint {
    this.take(8);
    return this.#view.getBigUint64(this.position - 8, true);
  }

  /** Big-endian, unlike all else. */
  float64(): number {
    this.take(8);
    return this.#view.getFloat64(this.position - 8, false);
  }

  /** A two's complement number of any length. */
  long(length: number): number | bigint {
    const bytes = this.take(length);
    if (length > MAX_LONG_BYTES) this.#fail(`has a number of ${length} bytes`);
    if (length === 0) return 0;
    const hex = Buffer.from(bytes).reverse().toString('hex');
    return small(BigInt.asIntN(8 * length, BigInt(`0x${hex}`)));
  }

  text(length: number | bigint): string {
    return new TextDecoder().decode(this.take(length));
  }

  line(): string {
    const end = this.#bytes.indexOf(0x0a, this.position);
    if (end < 0) this.#fail('ends within a line: it is truncated');
    const text = this.text(end - this.position);
    this.position++;
    return text;
  }

  whole(text: string): number | bigint {
    if (!/^-?\d{1,400}L?$/.test(text)) this.#fail(`has ${JSON.stringify(text.slice(0, 40))} where a number has to be`);
    return small(BigInt(text.replace('L', '')));
  }

  index(): number {
    return Number(this.whole(this.line()));
  }

  global(module: Pickled, name: Pickled): void {
    const full = `${String(module)}.${String(name)}`;
    if (!this.#names.globals.has(full))
      this.#fail(
        `names ${JSON.stringify(full.slice(0, 200))}, which is not allowed: only tensors and plain containers are read, and nothing was run`,
      );
    this.#stack.push(this.#names.globals.get(full));
  }

  call(): void {
    const [parameters, callable] = [this.#pop(), this.#pop()];
    if (typeof callable !== 'function' || !Array.isArray(parameters))
      this.#fail('calls something that cannot be called');
    try {
      this.#stack.push((callable as (...values: Pickled[]) => Pickled)(...(parameters as Pickled[])));
    } catch (error) {
      this.#fail(`builds something that cannot be (${reasonOf(error)})`);
    }
  }

  persistent(id: Pickled): void {
    this.#stack.push(this.#names.persistent(id, this.#offset + this.#at));
  }
}

const MAX_LONG_BYTES = 1024;
const small = (value: bigint): number | bigint => (BigInt.asIntN(53, value) === value ? Number(value) : value);

type Operation = (machine: PickleMachine) => void;
const isAny = (_value: unknown): _value is unknown => true;
const isArray = (value: unknown): value is Pickled[] => Array.isArray(value);
const isMap = (value: unknown): value is Map<Pickled, Pickled> => value instanceof Map;
const isSet = (value: unknown): value is Set<Pickled> => value instanceof Set;

const isStateful = (value: unknown): value is object => isMap(value) || value instanceof Ignored;

function toMap(m: PickleMachine, items: Pickled[], map = new Map<Pickled, Pickled>()): Map<Pickled, Pickled> {
  if (items.length % 2 !== 0) m.fail('has a key without a value');
  for (let i = 0; i < items.length; i += 2) map.set(items[i], items[i + 1]);
  return map;
}

function popSome(m: PickleMachine, count: number): Pickled[] {
  return Array.from({ length: count }, () => m.pop()).reverse();
}

/** What protocol 0 writes in quotes. */
function quoted(m: PickleMachine): string {
  const [, , text] = /^(['"])([^\\]*)\1$/.exec(m.line()) ?? [];
  return text ?? m.fail('has a text with escapes or without quotes');
}

const STOP = 0x2e;
const byCharacter: Readonly<Record<string, Operation>> = {
  '\x80': (m) => {
    const version = m.number(1);
    if (version > 5) m.fail(`says it is written in protocol ${version}; 5 is the last one known`);
  },
  '\x95': (m) => void m.uint64(), // a frame's length: frames are only for reading ahead
  '(': (m) => m.mark(),
  '0': (m) => void m.pop(),
  '1': (m) => void m.popMark(),
  '2': (m) => m.push(m.peek(isAny, 'value')),
  q: (m) => m.put(m.number(1)),
  r: (m) => m.put(m.number(4)),
  p: (m) => m.put(m.index()),
  '\x94': (m) => m.memoize(),
  h: (m) => m.get(m.number(1)),
  j: (m) => m.get(m.number(4)),
  g: (m) => m.get(m.index()),

  N: (m) => m.push(null),
  '\x88': (m) => m.push(true),
  '\x89': (m) => m.push(false),
  K: (m) => m.push(m.number(1)),
  M: (m) => m.push(m.number(2)),
  J: (m) => m.push(m.int32()),
  I: (m) => {
    const text = m.line();
    m.push(text === '01' ? true : text === '00' ? false : m.whole(text));
  },
  L: (m) => m.push(m.whole(m.line())),
  '\x8a': (m) => m.push(m.long(m.number(1))),
  '\x8b': (m) => m.push(m.long(m.number(4))),
  G: (m) => m.push(m.float64()),
  F: (m) => m.push(Number(m.line())),
  X: (m) => m.push(m.text(m.number(4))),
  '\x8c': (m) => m.push(m.text(m.number(1))),
  '\x8d': (m) => m.push(m.text(m.uint64())),
  V: (m) => m.push(m.line()),
  S: (m) => m.push(quoted(m)),
  U: (m) => m.push(m.text(m.number(1))),
  T: (m) => m.push(m.text(m.number(4))),
  C: (m) => m.push(m.take(m.number(1))),
  B: (m) => m.push(m.take(m.number(4))),
  '\x8e': (m) => m.push(m.take(m.uint64())),
  '\x96': (m) => m.push(m.take(m.uint64())),

  ')': (m) => m.push([]),
  '\x85': (m) => m.push(popSome(m, 1)),
  '\x86': (m) => m.push(popSome(m, 2)),
  '\x87': (m) => m.push(popSome(m, 3)),
  t: (m) => m.push(m.popMark()),
  ']': (m) => m.push([]),
  l: (m) => m.push(m.popMark()),
  a: (m) => {
    const value = m.pop();
    m.peek(isArray, 'list').push(value);
  },
  e: (m) => {
    const values = m.popMark();
    const list = m.peek(isArray, 'list');
    for (const value of values) list.push(value);
  },
  '}': (m) => m.push(new Map()),
  d: (m) => m.push(toMap(m, m.popMark())),
  s: (m) => {
    const items = popSome(m, 2);
    toMap(m, items, m.peek(isMap, 'dictionary'));
  },
  u: (m) => {
    const items = m.popMark();
    toMap(m, items, m.peek(isMap, 'dictionary'));
  },
  '\x8f': (m) => m.push(new Set()),
  '\x91': (m) => m.push(new Set(m.popMark())),
  '\x90': (m) => {
    const values = m.popMark();
    const set = m.peek(isSet, 'set');
    for (const value of values) set.add(value);
  },

  c: (m) => m.global(m.line(), m.line()),
  '\x93': (m) => {
    const [module, name] = popSome(m, 2);
    m.global(module, name);
  },
  R: (m) => m.call(),
  // The state of an object: of a dictionary's attributes (torch's _metadata) nothing is kept.
  b: (m) => {
    m.pop();
    m.peek(isStateful, 'dictionary');
  },
  Q: (m) => m.persistent(m.pop()),
  P: (m) => m.persistent(m.line()),
};

const operations: (Operation | undefined)[] = Array.from(
  { length: 256 },
  (_, code) => byCharacter[String.fromCharCode(code)],
);
