import { agreement } from '../../scenes/gallery/compositions/comparison.ts';
import { changes, otherwise, type Change } from '../../scenes/gallery/compositions/composition-changes.ts';
import { compositionCaptions, compositionExample } from '../../scenes/gallery/compositions/composition-examples.ts';
import { compositionCaption, parseComposition } from '../../scenes/gallery/compositions/composition-grammar.ts';
import {
  compositionCoverage,
  randomJitters,
  renderComposition,
} from '../../scenes/gallery/compositions/composition-renderer.ts';
import { compositions } from '../../scenes/gallery/compositions/composition-set.ts';
import { compositionKey, type Composition, type Said } from '../../scenes/gallery/compositions/composition.ts';
import { attributeNames, type Attribute } from '../../scenes/shapes/scene.ts';
import type { SceneFamily } from './styled-data.ts';

/** What of several objects is changed in place of an attribute of one. */
const standIns: Record<Attribute, readonly Change[]> = {
  shape: ['shape'],
  color: ['color'],
  background: ['background'],
  size: ['exchange'],
  position: ['relation', 'count', 'exchange'],
};
const changesFor = (among: readonly Attribute[]): readonly Change[] =>
  among.length < attributeNames.length ? among.flatMap((name) => standIns[name]) : changes;

/** Several objects: the harder tier of the gallery. */
export const compositionFamily: SceneFamily<Composition, Said> = {
  train: compositions.of('train'),
  example: compositionExample,
  captions: compositionCaptions,
  render: (scene, style, degradation, stream) =>
    renderComposition(scene, style, { jitters: randomJitters(scene, stream), degradation, stream }),
  caption: compositionCaption,
  parse: parseComposition,
  otherwise: (said, among, stream) => otherwise(said, changesFor(among), stream),
  key: compositionKey,
  neighbor: (scene, stream, among) => compositions.trainingNeighbor(scene, stream, among && changesFor(among)),
  agreement,
  coverage: compositionCoverage,
};
