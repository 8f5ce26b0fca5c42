import type { RandomStream } from '../../../common/random.ts';
import type { PictureBank } from './picture-bank.ts';
import type { WorldData } from './world-data.ts';

/** Two pictures for one caption. */
export interface Pair<S> {
  wanted: S;
  better: number;
  worse: number;
}

/** Pairs of a bank's pictures, judged by the truth. */
export class PreferencePairs<S> {
  readonly #data: WorldData<S>;
  readonly #bank: PictureBank<S>;
  readonly #byScene = new Map<string, number[]>();

  constructor(data: WorldData<S>, bank: PictureBank<S>) {
    this.#data = data;
    this.#bank = bank;
    bank.records.forEach(({ scene }, i) => {
      if (!scene) return;
      const found = this.#byScene.get(data.key(scene));
      if (found) found.push(i);
      else this.#byScene.set(data.key(scene), [i]);
    });
  }

  /**
   * Draws a pair to judge: a picture of the wanted scene against another of the same scene (quality decides), one with an
   * attribute changed, any picture, or a mix.
   */
  draw(random: RandomStream): Pair<S> {
    for (;;) {
      const wanted = this.#data.trainingScene(random);
      const first = this.#picture(wanted, random);
      const kind = random.integer(8);
      const second =
        kind < 2
          ? this.#picture(wanted, random)
          : kind < 6
            ? this.#picture(this.#data.neighbor(wanted, random), random)
            : random.integer(this.#bank.records.length);
      if (first === undefined || second === undefined) continue;
      const difference = this.#utility(first, wanted) - this.#utility(second, wanted);
      if (Math.abs(difference) < 0.05) continue;
      return difference > 0 ? { wanted, better: first, worse: second } : { wanted, better: second, worse: first };
    }
  }

  /** Draws a picture of `scene`, if there is one. */
  #picture(scene: S, random: RandomStream): number | undefined {
    const found = this.#byScene.get(this.#data.key(scene));
    return found && random.choice(found);
  }

  /** Scores a picture by human preference for a caption: correct content first, then cleanness. */
  #utility(index: number, wanted: S): number {
    const { scene, quality } = this.#bank.records[index]!;
    return 2 * (scene ? this.#data.agreement(scene, wanted) : 0) + quality;
  }
}
