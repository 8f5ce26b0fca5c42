import { RandomStream } from '../../common/random.ts';
import { joined, pictureBank, type PictureBank } from './data/picture-bank.ts';
import type { PictureSet } from './data/picture-set.ts';
import type { WebRecord } from './data/world-data.ts';
import { decodeLatents, encodePictures } from './networks/picture-latents.ts';
import { autoencoderStep, type DataStep } from './recipes/recipe.ts';
import { SEEDS } from './seeds.ts';
import { readTrained, type WorldBuild } from './step-files.ts';

/** Renders the pictures from which the models of a world learn. */
export class PictureSteps<S> implements Record<DataStep, () => Promise<PictureSet<unknown>>> {
  readonly #build: WorldBuild<S>;

  constructor(build: WorldBuild<S>) {
    this.#build = build;
  }

  web(): Promise<PictureSet<WebRecord<S>>> {
    const { data, recipe } = this.#build.world;
    const examples = Array.from({ length: recipe.webExamples }, (_, i) => data.webExample(i, SEEDS.web));
    return Promise.resolve({
      images: joined(examples.map(({ image }) => image)),
      records: examples.map(({ scene, captions }) => ({ scene, captions })),
    });
  }

  clear(): Promise<PictureSet<object>> {
    const { data, recipe } = this.#build.world;
    const pictures = Array.from({ length: recipe.clearExamples }, (_, i) =>
      data.picture(new RandomStream(SEEDS.clear, 'clear picture', i)),
    );
    return Promise.resolve({ images: joined(pictures.map(({ image }) => image)), records: pictures.map(() => ({})) });
  }

  bank(): Promise<PictureBank<S>> {
    return this.#bank(SEEDS.bank);
  }

  heldOutBank(): Promise<PictureBank<S>> {
    return this.#bank(SEEDS.heldOutBank);
  }

  /** Two pictures in three have passed the autoencoder, since a reward will see decoded pictures. */
  async #bank(seed: number): Promise<PictureBank<S>> {
    const { data, recipe } = this.#build.world;
    const { images, records } = pictureBank(data, recipe.bankPictures, seed);
    const vae = await readTrained(this.#build.work, autoencoderStep(recipe));
    const decoded = decodeLatents(recipe, encodePictures(recipe, images, vae), vae);
    const length = images.length / records.length;
    return { images: images.map((value, i) => (Math.floor(i / length) % 3 === 0 ? value : decoded[i]!)), records };
  }
}
