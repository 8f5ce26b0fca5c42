import { join } from 'node:path';
import { readWeights, type Weights } from '../../engine/weights/weights.ts';
import { joined, type PictureBank } from './data/picture-bank.ts';
import { readPictureSet, type PictureSet } from './data/picture-set.ts';
import type { WebRecord } from './data/world-data.ts';
import type { Recipe, TrainingStep, WorldStep } from './recipes/recipe.ts';
import type { World } from './worlds.ts';

/** One build of a world. */
export interface WorldBuild<S> {
  world: World<S>;
  /** Folder for the steps' files. */
  work: string;
  /** The world's tokenizer folder. */
  tokenizer: string;
  log(line: string): void;
}

/** File of a step's pictures or weights. */
export const stepFile = (work: string, step: WorldStep): string => join(work, `${step}.safetensors`);

/** File with the digest of a step's file. */
export const stepRecord = (work: string, step: WorldStep): string => join(work, `${step}.json`);

/** Reads the weights that a step trained. */
export const readTrained = (work: string, step: TrainingStep): Promise<Weights> => readWeights(stepFile(work, step));

/** Reads the web-like pictures. */
export const readWeb = <S>(work: string): Promise<PictureSet<WebRecord<S>>> => readPictureSet(stepFile(work, 'web'));

/** Reads pictures with ground truth. */
export const readBank = <S>(work: string, step: 'bank' | 'heldOutBank'): Promise<PictureBank<S>> =>
  readPictureSet(stepFile(work, step));

/** Reads the pictures from which the autoencoder learns. [count, side, side, 3] in [0, 1] */
export async function readPictures(work: string, recipe: Pick<Recipe, 'clearExamples'>): Promise<Float32Array> {
  const web = (await readPictureSet(stepFile(work, 'web'))).images;
  if (recipe.clearExamples === 0) return web;
  return joined([web, (await readPictureSet(stepFile(work, 'clear'))).images]);
}
