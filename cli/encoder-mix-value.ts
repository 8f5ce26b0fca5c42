import type { EncoderMix } from '../api/encoders/encoder-mix.ts';
import { InputError } from '../common/errors.ts';

/** Largest weight of an encoder, either way. */
const LARGEST = 10;

/**
 * Parses texts such as `neon=0.6,3d=0.4`; a comma that no weight follows belongs to a path.
 * @throws InputError that shows the part that is not understood
 */
export const encoderMix = (texts: readonly string[]): EncoderMix =>
  texts.flatMap((text) => text.split(/(?<==[^=,]*),/).map(termOf));

function termOf(part: string): EncoderMix[number] {
  const at = part.lastIndexOf('=');
  const [encoder, number] = [part.slice(0, at).trim(), part.slice(at + 1).trim()];
  const weight = Number(number);
  if (at < 1 || encoder === '' || number === '' || !(Math.abs(weight) <= LARGEST))
    throw new InputError(
      `--mix: "${part}" is not an encoder and its weight; expected such as neon=0.6, with a weight from -${LARGEST} to ${LARGEST}.`,
    );
  return { encoder, weight };
}
