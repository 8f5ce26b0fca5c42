import { InputError } from '../../common/errors.ts';

/** The bits of a float32's exponent, all of which are set in NaN and the infinities and nowhere else. */
const EXPONENT = 0x7f800000;

/** Added to an exponent of ones alone, it reaches the sign. */
const LOWEST = 0x00800000;

/** The place of the first value that is NaN or infinite, or -1. A billion values take one to two seconds. */
export function firstNotFinite(values: Float32Array): number {
  const bits = new Int32Array(values.buffer, values.byteOffset, values.length);
  const whole = bits.length & ~3;
  let signs = 0;
  for (let i = 0; i < whole; i += 4)
    signs |=
      ((bits[i]! & EXPONENT) + LOWEST) |
      ((bits[i + 1]! & EXPONENT) + LOWEST) |
      ((bits[i + 2]! & EXPONENT) + LOWEST) |
      ((bits[i + 3]! & EXPONENT) + LOWEST);
  const isNot = (bit: number) => (bit & EXPONENT) === EXPONENT;
  if (signs < 0) return bits.findIndex(isNot);
  const rest = bits.subarray(whole).findIndex(isNot);
  return rest < 0 ? -1 : whole + rest;
}

/**
 * Gives the values back if all are finite.
 * @param what the tensor and its file, for the message
 * @throws InputError that names the tensor and the place
 */
export function requireFinite(what: string, values: Float32Array): Float32Array {
  const at = firstNotFinite(values);
  if (at < 0) return values;
  throw new InputError(
    `${what} has the value ${values[at]} at place ${at} of ${values.length}; expected finite numbers: the training that wrote the file failed, or the file is damaged. Use another.`,
  );
}
