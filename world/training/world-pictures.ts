import { RandomStream } from '../../common/random.ts';
import { qualityOf, type Tier } from '../scenes/common/degradation.ts';
import { pictureSize, randomJitter, render } from '../scenes/renderer.ts';
import { randomDegradation } from '../scenes/tiers.ts';
import {
  attributeNames,
  attributes,
  sceneKey,
  sceneSplit,
  scenesOf,
  type Attribute,
  type Scene,
} from '../scenes/scene.ts';
import { PIXELS } from './recipe.ts';
const TIERS: Tier[] = ['good', 'good', 'medium', 'dull'];

/** Pictures with ground truth, the rewards' training data. */
export interface PictureBank {
  /** [count, 32, 32, 3] in [0, 1]. */
  images: Float32Array;
  /** Scene of each picture; undefined for a mix of two pictures. */
  scenes: (Scene | undefined)[];
  /** Quality of each picture, in [0, 1]. */
  qualities: Float32Array;
}

/**
 * Renders `count` pictures of training combinations in all quality tiers. One in eight is a mix of two pictures: it shows
 * no scene, and its quality is a third of the lower one.
 * @param seed determines the pictures
 */
export function pictureBank(count: number, seed: number): PictureBank {
  const images = new Float32Array(count * PIXELS);
  const qualities = new Float32Array(count);
  const bankScenes: PictureBank['scenes'] = [];
  for (let i = 0; i < count; i++) {
    const random = new RandomStream(seed, 'picture bank', i);
    const draw = () => {
      const scene = random.choice(scenesOf('train'));
      const degradation = randomDegradation(random, random.choice(TIERS));
      return {
        scene,
        quality: qualityOf(degradation, pictureSize),
        image: render(scene, { jitter: randomJitter(random), degradation, stream: random }),
      };
    };
    const first = draw();
    const second = i % 8 === 7 ? draw() : undefined;
    const share = 0.3 + 0.4 * random.uniform();
    const image = second ? first.image.map((v, k) => share * v + (1 - share) * second.image[k]!) : first.image;
    images.set(image, i * PIXELS);
    qualities[i] = second ? Math.min(first.quality, second.quality) / 3 : first.quality;
    bankScenes.push(second ? undefined : first.scene);
  }
  return { images, scenes: bankScenes, qualities };
}

/** Returns the picture at `index`. */
export const pictureAt = (bank: PictureBank, index: number): Float32Array =>
  bank.images.subarray(index * PIXELS, (index + 1) * PIXELS);

/**
 * Draws a training combination that differs from `scene` in one attribute of `among`, each equally often; in any attribute
 * if no training combination differs in one of those alone.
 */
export function neighbour(scene: Scene, random: RandomStream, among: readonly Attribute[] = attributeNames): Scene {
  const changed = (attribute: Attribute): Scene[] =>
    attributes[attribute]
      .filter((value) => value !== scene[attribute])
      .map((value) => ({ ...scene, [attribute]: value }) as Scene)
      .filter((other) => sceneSplit(other) === 'train');
  const choices = among.map(changed).filter((others) => others.length > 0);
  return choices.length > 0 ? random.choice(random.choice(choices)) : neighbour(scene, random);
}

/** Scores a picture by human preference for a caption: correct content first, then cleanness. */
function utility(bank: PictureBank, index: number, wanted: Scene): number {
  const scene = bank.scenes[index];
  const right = scene
    ? attributeNames.filter((name) => scene[name] === wanted[name]).length / attributeNames.length
    : 0;
  return 2 * right + bank.qualities[index]!;
}

/** Index of pictures by combination. */
export class SceneIndex {
  readonly #byScene = new Map<string, number[]>();

  constructor(bank: PictureBank) {
    bank.scenes.forEach((scene, i) => {
      if (!scene) return;
      const found = this.#byScene.get(sceneKey(scene));
      if (found) found.push(i);
      else this.#byScene.set(sceneKey(scene), [i]);
    });
  }

  /** Draws a picture of `scene`, if there is one. */
  draw(scene: Scene, random: RandomStream): number | undefined {
    const found = this.#byScene.get(sceneKey(scene));
    return found && random.choice(found);
  }
}

/** Two pictures for one caption. */
export interface Pair {
  wanted: Scene;
  better: number;
  worse: number;
}

/**
 * Draws a pair to judge: a picture of the wanted scene against another of the same scene (quality decides), one with an
 * attribute changed, any picture, or a mix.
 */
export function drawPair(bank: PictureBank, index: SceneIndex, random: RandomStream): Pair {
  for (;;) {
    const wanted = random.choice(scenesOf('train'));
    const first = index.draw(wanted, random);
    const kind = random.integer(8);
    const second =
      kind < 2
        ? index.draw(wanted, random)
        : kind < 6
          ? index.draw(neighbour(wanted, random), random)
          : random.integer(bank.scenes.length);
    if (first === undefined || second === undefined) continue;
    const difference = utility(bank, first, wanted) - utility(bank, second, wanted);
    if (Math.abs(difference) < 0.05) continue;
    return difference > 0 ? { wanted, better: first, worse: second } : { wanted, better: second, worse: first };
  }
}
