import { TextDecoder } from 'node:util';
import { InputError } from '../../../common/errors.ts';

/** Byte order marks and their encodings, longest first. */
const marks: [bytes: readonly number[], encoding: string][] = [
  [[0xff, 0xfe, 0x00, 0x00], 'utf-32'],
  [[0x00, 0x00, 0xfe, 0xff], 'utf-32'],
  [[0xef, 0xbb, 0xbf], 'utf-8'],
  [[0xff, 0xfe], 'utf-16le'],
  [[0xfe, 0xff], 'utf-16be'],
];

/**
 * Converts text in any encoding to UTF-8 without a byte order mark. A mark takes precedence over the named encoding; UTF-8
 * passes unchecked.
 * @throws InputError when the text is not in its encoding
 */
export async function* decodeText(
  pieces: AsyncIterable<Buffer>,
  name: string,
  encoding: string,
): AsyncGenerator<Buffer> {
  let decoder: TextDecoder | undefined;
  let before = 0;
  let held: Buffer | undefined = Buffer.alloc(0); // until there are enough bytes for a mark
  const decode = (bytes: Buffer, stream: boolean): Buffer => {
    if (!decoder) return bytes;
    try {
      return Buffer.from(decoder.decode(bytes, { stream }));
    } catch {
      const place = stream ? `between bytes ${before + 1} and ${before + bytes.length}` : 'at its end';
      throw new InputError(
        `${name}: is not ${decoder.encoding} ${place}; name its encoding (prompts.encoding) or save it as UTF-8.`,
      );
    }
  };
  const start = (bytes: Buffer): Buffer => {
    const [mark, marked] = marks.find(([mark]) => mark.every((byte, i) => bytes[i] === byte)) ?? [[], undefined];
    const chosen = marked ?? encoding;
    if (chosen === 'utf-32') throw new InputError(`${name}: is UTF-32, which is not supported; save it as UTF-8.`);
    if (chosen !== 'utf-8') decoder = new TextDecoder(chosen, { fatal: true, ignoreBOM: true });
    else refuseWide(bytes, name);
    return bytes.subarray(mark.length);
  };

  for await (const piece of pieces) {
    let bytes = piece;
    if (held) {
      held = Buffer.concat([held, piece]);
      if (held.length < 4) continue;
      before = 0;
      bytes = start(held);
      held = undefined;
    }
    const text = decode(bytes, true);
    before += bytes.length;
    if (text.length > 0) yield text;
  }
  const rest = held ? start(held) : Buffer.alloc(0);
  const text = decode(rest, false);
  if (text.length > 0) yield text;
}

/** Refuses UTF-16 without a mark: in most scripts every other byte is zero; UTF-8 has hardly any zeros. */
function refuseWide(bytes: Buffer, name: string): void {
  const looked = bytes.subarray(0, 1000 - (1000 % 2));
  const zeros = [0, 0];
  looked.forEach((byte, i) => byte === 0 && zeros[i % 2]!++);
  const most = Math.max(...zeros);
  if (looked.length >= 4 && most > looked.length / 4 && Math.min(...zeros) < most / 4) {
    const label = zeros[1]! > zeros[0]! ? 'utf-16le' : 'utf-16be';
    throw new InputError(`${name}: looks like UTF-16 without a byte order mark; set prompts.encoding=${label}.`);
  }
}
