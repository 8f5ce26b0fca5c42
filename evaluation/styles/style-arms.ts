import { InputError } from '../../common/errors.ts';
import { pathAt, tunedEncoders } from '../comparison/setup.ts';
import { mixName, OWN_ENCODER } from '../evaluation-names.ts';
import type { Sweep } from '../results.ts';
import type { StyledEncoder } from './style-results.ts';
import { base, type Arms, type ArmSource } from '../arms/arms.ts';

/** An encoder of the section `styles`, with its file or folder. */
export type StyleEncoder = Pick<StyledEncoder, 'name' | 'metric' | 'own'> & { path: string };

/** Encoders by name with the weights of their embeddings. */
type Weights = readonly (readonly [encoder: string, weight: number])[];

/**
 * Finds the encoders' files: the run's own is that of the chosen step, or the final one if validation chose the original,
 * whose curve would be flat.
 * @param tuned folder of the tuning stage
 */
export async function styleEncoders(
  encoders: readonly { name: string; encoder: string; metric: string }[],
  tuned: string,
  { chosen }: Pick<Sweep, 'chosen'>,
): Promise<StyleEncoder[]> {
  const kept = await tunedEncoders(tuned);
  const path = pathAt(kept, chosen.step);
  const { step, path: final } = kept.at(-1)!;
  const own = path === undefined ? { step, chosen: false } : { step: chosen.step, chosen: true };
  return encoders.map(({ name, encoder, metric }) =>
    encoder === OWN_ENCODER ? { name, metric, path: path ?? final, own } : { name, metric, path: encoder },
  );
}

/** Makes arms of mixes of named encoders; the original encoder gets the rest of a total weight of 1. */
export class StyleArms {
  readonly #arms: Arms;
  readonly #paths: ReadonlyMap<string, string>;

  constructor(arms: Arms, encoders: readonly StyleEncoder[]) {
    this.#arms = arms;
    this.#paths = new Map(encoders.map(({ name, path }) => [name, path]));
  }

  /** Returns the base and an arm for each mix, each once. */
  sources(mixes: readonly Weights[]): ArmSource[] {
    const named = new Map(mixes.map((mix) => [mixName(mix), mix]));
    named.delete('base');
    return [base, ...[...named].map(([name, mix]) => this.#source(name, mix))];
  }

  #source(name: string, mix: Weights): ArmSource {
    const terms = mix.filter(([, weight]) => weight !== 0);
    return this.#arms.mix({
      name,
      mix: terms.map(([encoder, weight]) => ({ encoder: this.#pathOf(encoder), weight })),
    });
  }

  #pathOf(name: string): string {
    const path = this.#paths.get(name);
    if (path === undefined) throw new InputError(`styles.mixes: there is no encoder "${name}" in styles.encoders.`);
    return path;
  }
}
