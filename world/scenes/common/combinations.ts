import { sha256 } from '../../../common/files.ts';
import type { RandomStream } from '../../../common/random.ts';

export type Split = 'train' | 'validation' | 'test';

/** Values of each attribute, by its name. */
type Values = Readonly<Record<string, readonly string[]>>;
export type Combination<A extends Values> = { -readonly [N in keyof A]: A[N][number] };

/** Upper bounds of hashes for train and validation, as shares of the combinations; the rest is test. */
const trainShare = 0.65;
const validationShare = 0.77;

/** All combinations of a world's attributes, each in the split of its hash. */
export class Combinations<A extends Values> {
  /** Names of the attributes. */
  readonly names: readonly (keyof A & string)[];
  /** All combinations, in a fixed order. */
  readonly all: readonly Combination<A>[];
  readonly #attributes: A;
  readonly #splits: ReadonlyMap<string, Split>;
  readonly #bySplit: Record<Split, Combination<A>[]> = { train: [], validation: [], test: [] };

  /** @param world name that is hashed with each combination */
  constructor(world: string, attributes: A) {
    this.#attributes = attributes;
    this.names = Object.keys(attributes);
    const all = this.names.reduce<Record<string, string>[]>(
      (scenes, name) => scenes.flatMap((scene) => attributes[name]!.map((value) => ({ ...scene, [name]: value }))),
      [{}],
    );
    this.all = all as unknown as readonly Combination<A>[];
    this.#splits = new Map(this.all.map((scene) => [this.key(scene), splitOfKey(`${world}/${this.key(scene)}`)]));
    for (const scene of this.all) this.#bySplit[this.split(scene)].push(scene);
  }

  /** Returns the combination as one string, such as "circle/red/white/small/top left". */
  key(scene: Combination<A>): string {
    return this.names.map((name) => scene[name]).join('/');
  }

  /** Returns the split of a combination by its hash: no combination is in two splits. */
  split(scene: Combination<A>): Split {
    return this.#splits.get(this.key(scene))!;
  }

  /** Returns the combinations of one split, in the order of `all`. */
  of(split: Split): readonly Combination<A>[] {
    return this.#bySplit[split];
  }

  /**
   * Returns what is said as a whole combination; the stream draws what is unsaid. Without one, `undefined` unless
   * everything is said.
   */
  complete(said: Partial<Combination<A>>, stream?: RandomStream): Combination<A> | undefined {
    const values = this.names.map((name) => [name, said[name] ?? stream?.choice(this.#attributes[name]!)] as const);
    return values.every(([, value]) => value !== undefined)
      ? (Object.fromEntries(values) as Combination<A>)
      : undefined;
  }

  /** Returns the scene with one attribute changed: each attribute equally often, whatever its number of values. */
  neighbor(scene: Combination<A>, stream: RandomStream): Combination<A> {
    const name = stream.choice(this.names);
    const others = this.#attributes[name]!.filter((value) => value !== scene[name]);
    return { ...scene, [name]: stream.choice(others) };
  }

  /**
   * Draws a training combination that differs in one attribute of `among`, each equally often; in any attribute if no
   * training combination differs in one of those alone.
   */
  trainingNeighbor<S extends Combination<A>>(
    scene: S,
    stream: RandomStream,
    among: readonly (keyof A & string)[] = this.names,
  ): S {
    const changed = (name: keyof A & string): S[] =>
      this.#attributes
        [name]!.filter((value) => value !== scene[name])
        .map((value): S => ({ ...scene, [name]: value }))
        .filter((other) => this.split(other) === 'train');
    const choices = among.map(changed).filter((others) => others.length > 0);
    return choices.length > 0 ? stream.choice(stream.choice(choices)) : this.trainingNeighbor(scene, stream);
  }

  /** Returns what is said with one thing changed: one of `among` if any of these is said, else any. */
  otherwise(
    said: Partial<Combination<A>>,
    among: readonly (keyof A & string)[],
    stream: RandomStream,
  ): Partial<Combination<A>> {
    const named = this.names.filter((name) => said[name] !== undefined);
    const changeable = among.filter((name) => named.includes(name));
    const name = stream.choice(changeable.length > 0 ? changeable : named.length > 0 ? named : this.names);
    return { ...said, [name]: stream.choice(this.#attributes[name]!.filter((value) => value !== said[name])) };
  }

  /** Returns the share of the attributes of `wanted` that `scene` has. */
  agreement(scene: Combination<A>, wanted: Combination<A>): number {
    return this.names.filter((name) => scene[name] === wanted[name]).length / this.names.length;
  }

  /** Draws another training combination: two times in three only one attribute differs, otherwise any may. */
  wrong(scene: Combination<A>, stream: RandomStream): Combination<A> {
    for (;;) {
      const other = stream.uniform() < 2 / 3 ? this.neighbor(scene, stream) : stream.choice(this.of('train'));
      if (this.split(other) === 'train' && this.key(other) !== this.key(scene)) return other;
    }
  }
}

/** Returns the split of a combination by its name. */
export function splitOfKey(key: string): Split {
  const share = parseInt(sha256(key).slice(0, 8), 16) / 2 ** 32;
  return share < trainShare ? 'train' : share < validationShare ? 'validation' : 'test';
}
