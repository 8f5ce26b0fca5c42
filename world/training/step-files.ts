import { join } from 'node:path';
import { readWeights, type Weights } from '../../engine/weights/weights.ts';
import type { PictureBank } from './data/picture-bank.ts';
import { readPictureSet, type PictureSet } from './data/picture-set.ts';
import type { WebRecord } from './data/world-data.ts';
import type { DataStep, TrainingStep, WorldStep } from './recipes/recipe.ts';
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
export const readBank = <S>(work: string, step: Exclude<DataStep, 'web'>): Promise<PictureBank<S>> =>
  readPictureSet(stepFile(work, step));
