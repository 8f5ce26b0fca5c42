import { RandomStream } from '../../common/random.ts';
import { mix } from './shingles.ts';

/** Bands of a signature, and hash functions per band: docs/decisions/near-duplicates.md explains the numbers. */
export const bands = 16;
const rowsPerBand = 4;
const functions = bands * rowsPerBand;
/** 32-bit words per sketch: four bits of each function. */
export const sketchWords = functions / 8;

const random = new RandomStream(1, 'min-hash');
const multipliers = Int32Array.from({ length: functions }, () => random.uint32() | 1);
const offsets = Int32Array.from({ length: functions }, () => random.uint32() | 0);

/**
 * MinHash (Broder, "On the resemblance and containment of documents", 1997): the share of equal entries of two signatures
 * estimates the Jaccard similarity of the sets. Sets that agree in a whole band are candidates.
 */
export class MinHash {
  /** Signed, since V8 computes with signed 32-bit integers without converting to doubles. */
  readonly #minima = new Int32Array(functions);
  /** One number per band, equal for sets that agree in all of its functions. */
  readonly keys = new Uint32Array(bands);
  /** Sketch for a quick estimate of similarity. */
  readonly sketch = new Uint32Array(sketchWords);

  /** Fills `keys` and `sketch` for a set. */
  sign(shingles: Uint32Array): void {
    const minima = this.#minima;
    for (let k = 0; k < functions; k++) {
      const [multiplier, offset] = [multipliers[k]!, offsets[k]!];
      let least = 0x7fffffff;
      for (let i = 0; i < shingles.length; i++) {
        const hash = (Math.imul(shingles[i]!, multiplier) + offset) | 0;
        if (hash < least) least = hash;
      }
      minima[k] = least;
    }
    for (let band = 0; band < bands; band++) {
      let key = band;
      for (let k = band * rowsPerBand; k < (band + 1) * rowsPerBand; k++) key = mix(Math.imul(key, 31) ^ minima[k]!);
      this.keys[band] = key;
    }
    for (let word = 0; word < sketchWords; word++) {
      let bits = 0;
      for (let i = 0; i < 8; i++) bits = (bits << 4) | (Math.imul(minima[word * 8 + i]!, 0x9e3779b1) >>> 28);
      this.sketch[word] = bits;
    }
  }
}

/** Counts in how many of 64 entries two sketches agree: on average 64 (s + (1 - s) / 16) for similarity s. */
export function sketchMatches(a: Uint32Array, at: number, b: Uint32Array, bt: number): number {
  let matches = 0;
  for (let word = 0; word < sketchWords; word++) {
    let different = a[at + word]! ^ b[bt + word]!;
    different |= different >>> 2;
    different |= different >>> 1;
    different &= 0x11111111; // one bit for each entry that differs
    matches += 8 - bitCount(different);
  }
  return matches;
}

function bitCount(bits: number): number {
  bits -= (bits >>> 1) & 0x55555555;
  bits = (bits & 0x33333333) + ((bits >>> 2) & 0x33333333);
  return Math.imul((bits + (bits >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
