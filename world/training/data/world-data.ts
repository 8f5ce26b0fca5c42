import type { RandomStream } from '../../../common/random.ts';
import type { Tier } from '../../scenes/common/degradation.ts';
import type { Attribute } from '../../scenes/shapes/scene.ts';

/** Quality tiers of the rewards' pictures, each equally often. */
export const BANK_TIERS: readonly Tier[] = ['good', 'good', 'medium', 'dull'];

/** A picture, and what it shows. */
interface Shown<S> {
  /** [side, side, 3], HWC, in [0, 1]. */
  readonly image: Float32Array;
  readonly scene: S;
}

/** What a web-like picture shows, and what one or more captions say of it. */
export type WebRecord<S> = Omit<Shown<S>, 'image'> & { readonly captions: readonly string[] };

/** A world's pictures and captions, from which its models learn. `S` is what a picture shows. */
export interface WorldData<S> {
  /** Draws what a training picture may show: a training combination, in any style. */
  trainingScene(random: RandomStream): S;
  /** Returns example `index` of the web-like set, whose captions and pictures are those of the web: dull and wrong at times. */
  webExample(index: number, seed: number): WebRecord<S> & Shown<S>;
  /** Draws a picture of a training combination, of any quality in [0, 1]. */
  picture(random: RandomStream): Shown<S> & { readonly quality: number };
  /** Writes a correct and complete caption in any phrasing. */
  caption(scene: S, random: RandomStream): string;
  /** Writes a correct caption for contrastive training, complete or of the style alone. */
  looseCaption(scene: S, random: RandomStream): string;
  /** Writes a caption that says one thing else: one of `among` if any of these is stated, else any. */
  sayOtherwise(caption: string, among: readonly Attribute[], random: RandomStream): string;
  /** Returns the same string for scenes with equal attributes. */
  key(scene: S): string;
  /**
   * Draws a training combination that differs in one attribute of `among`, each equally often; in any attribute if no
   * training combination differs in one of those alone.
   */
  neighbor(scene: S, random: RandomStream, among?: readonly Attribute[]): S;
  /** Share of the attributes of `wanted` that `scene` has. */
  agreement(scene: S, wanted: S): number;
  /** Cells of the latents to inpaint, [h * w], 1 where hidden; with a stream, up to a cell more on each side. */
  hiddenCells(scene: S, random?: RandomStream): Float32Array;
  /** Paints hidden cells mid-gray. */
  hide(picture: Float32Array, cells: Float32Array): Float32Array;
  /** The object's silhouette as a control image at latent size; a cell's pixels are its channels. [h * w * f * f] */
  silhouette(scene: S): Float32Array;
}
