import { RandomStream } from '../../../common/random.ts';
import { CLIP_BATCH, type PairBatch } from '../networks/train-clip.ts';
import { pictureAt, type PictureBank } from './picture-bank.ts';
import { attributeNames, type Attribute } from '../../scenes/shapes/scene.ts';
import type { PictureSet } from './picture-set.ts';
import type { WorldData } from './world-data.ts';

/** What each wrong caption of a web-like picture gets wrong: contrastive training learns shape and position last. */
export const WRONG_IN_WEB: readonly (readonly Attribute[])[] = [['shape'], ['position']];
/** The same for the rewards' pictures. */
export const WRONG_IN_BANK: readonly (readonly Attribute[])[] = [['shape'], ['position'], attributeNames];

export interface Batches<S> {
  data: WorldData<S>;
  /** Token ids of a caption. */
  ids(caption: string): Int32Array;
  seed: number;
}

/** Makes batches of web-like pictures with their own captions, and captions that say one thing else. */
export function webBatches<S>(
  { data, ids, seed }: Batches<S>,
  web: PictureSet<{ readonly captions: readonly string[] }>,
): (step: number) => PairBatch {
  return (step) => {
    const random = new RandomStream(seed, 'base batch', step);
    const batch = new BatchBuilder(WRONG_IN_WEB.length);
    for (let i = 0; i < CLIP_BATCH; i++) {
      const at = random.integer(web.records.length);
      const caption = random.choice(web.records[at]!.captions);
      batch.add(pictureAt(web, at), ids(caption), (k) => ids(data.sayOtherwise(caption, WRONG_IN_WEB[k]!, random)));
    }
    return batch.built();
  };
}

/** Makes batches of a bank's pictures with correct captions, and captions that are wrong in one attribute. */
export function bankBatches<S>({ data, ids, seed }: Batches<S>, bank: PictureBank<S>): (step: number) => PairBatch {
  const usable = bank.records.flatMap(({ scene }, i) => (scene ? [i] : []));
  return (step) => {
    const random = new RandomStream(seed, 'clip batch', step);
    const batch = new BatchBuilder(WRONG_IN_BANK.length);
    for (let i = 0; i < CLIP_BATCH; i++) {
      const at = random.choice(usable);
      const scene = bank.records[at]!.scene!;
      batch.add(pictureAt(bank, at), ids(data.looseCaption(scene, random)), (k) =>
        ids(data.caption(data.neighbor(scene, random, WRONG_IN_BANK[k]), random)),
      );
    }
    return batch.built();
  };
}

class BatchBuilder {
  readonly #images: Float32Array[] = [];
  readonly #captions: Int32Array[] = [];
  readonly #negatives: Int32Array[][];

  constructor(negatives: number) {
    this.#negatives = Array.from({ length: negatives }, () => []);
  }

  /** @param wrong returns the token ids of wrong caption k */
  add(image: Float32Array, caption: Int32Array, wrong: (k: number) => Int32Array): void {
    this.#images.push(image);
    this.#captions.push(caption);
    this.#negatives.forEach((list, k) => list.push(wrong(k)));
  }

  built(): PairBatch {
    const negatives = this.#negatives.flat();
    const rows = this.#images[0]!.length;
    const images = new Float32Array(this.#images.length * rows);
    this.#images.forEach((image, i) => images.set(image, i * rows));
    return { images, captions: joinedIds(this.#captions), negatives: joinedIds(negatives) };
  }
}

/** Joins token ids of equal length. */
function joinedIds(parts: readonly Int32Array[]): Int32Array {
  const length = parts[0]?.length ?? 0;
  const all = new Int32Array(parts.length * length);
  parts.forEach((part, i) => all.set(part, i * length));
  return all;
}
