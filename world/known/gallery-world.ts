import type { RandomStream } from '../../common/random.ts';
import { completed } from '../scenes/gallery/compositions/composition-changes.ts';
import { compositionCaptions } from '../scenes/gallery/compositions/composition-examples.ts';
import { compositionCaption, parseComposition } from '../scenes/gallery/compositions/composition-grammar.ts';
import {
  compositionCoverage,
  randomJitters,
  renderComposition,
} from '../scenes/gallery/compositions/composition-renderer.ts';
import { compositions } from '../scenes/gallery/compositions/composition-set.ts';
import { compositionAttributes, isWhole, type Composition } from '../scenes/gallery/compositions/composition.ts';
import { galleryCaptions } from '../scenes/gallery/gallery-examples.ts';
import { galleryCaption, parseGallery, qualityWords, type Manner } from '../scenes/gallery/gallery-grammar.ts';
import { coverage, render } from '../scenes/gallery/gallery-renderer.ts';
import { gallery, styleNames, type GalleryScene, type StyleName } from '../scenes/gallery/gallery-scene.ts';
import { judgeComposition } from '../scenes/gallery/oracle/composition-oracle.ts';
import { judgeGallery } from '../scenes/gallery/oracle/gallery-oracle.ts';
import { pictureSize } from '../scenes/gallery/placed-object.ts';
import { randomJitter } from '../scenes/common/jitter.ts';
import { leastValidity, type Judgement } from '../scenes/common/judgement.ts';
import { saidAmong } from '../scenes/common/word-parser.ts';
import { exactMetrics, exactScores } from './exact-scores.ts';
import type { KnownWorld } from './known-world.ts';
import { benchmarkOf, promptsOf, type Sayable } from './world-prompts.ts';

const ofOne: Sayable<GalleryScene> = {
  name: 'gallery',
  combinations: gallery,
  say: (scene, stream) => galleryCaption(scene, {}, stream),
  category: ({ shape }) => shape,
};
const ofSeveral: Sayable<Composition> = {
  name: 'gallery-hard',
  combinations: compositions,
  say: (scene, stream) => compositionCaption(scene, {}, stream),
  category: (scene) => (scene.kind === 'pair' ? scene.relation : scene.count),
};

/** A picture's judgement, of either tier. */
interface Judged extends Judgement<Record<string, unknown>> {
  readonly validity: number;
  readonly style: StyleName;
  readonly quality: number;
}

/** What a prompt of either tier asks for, and what can be done with it. */
interface Asked {
  readonly style?: StyleName | undefined;
  caption(manner: Manner, stream: RandomStream): string;
  judge(picture: Float32Array): Judged;
  render(style: StyleName, stream?: RandomStream): Float32Array | undefined;
  coverage(): Float32Array | undefined;
}

function askedFor(prompt: string): Asked | undefined {
  return askedOfOne(prompt) ?? askedOfSeveral(prompt);
}

function askedOfOne(prompt: string): Asked | undefined {
  const asked = parseGallery(prompt);
  if (!asked) return undefined;
  const { scene, style } = asked;
  return {
    style,
    caption: (manner, stream) => galleryCaption(scene, manner, stream),
    judge: (picture) => judgeGallery(picture, scene),
    render(drawn, stream) {
      const whole = gallery.complete(scene, stream);
      return whole && render(whole, drawn, stream && { jitter: randomJitter(stream) });
    },
    coverage() {
      const { shape, size, position } = scene;
      return shape && size && position && coverage({ shape, size, position });
    },
  };
}

function askedOfSeveral(prompt: string): Asked | undefined {
  const asked = parseComposition(prompt);
  if (!asked) return undefined;
  const { scene, style } = asked;
  return {
    style,
    caption: (manner, stream) => compositionCaption(scene, manner, stream),
    judge: (picture) => judgeComposition(picture, scene),
    render(drawn, stream) {
      const whole = completed(scene, stream);
      return whole && renderComposition(whole, drawn, stream && { jitters: randomJitters(whole, stream) });
    },
    coverage: () => (isWhole(scene) ? compositionCoverage(scene) : undefined),
  };
}

const allQualityWords = Object.values(qualityWords).flat();

/** What is the same for prompts of either tier. */
const eitherTier = {
  side: pictureSize,
  metrics: [
    ...exactMetrics([...new Set([...gallery.names, ...compositionAttributes])]),
    ...styleNames.map((name) => `style.${name}`),
  ],
  knows: (prompt) => askedFor(prompt) !== undefined,
  paraphrase(prompt, stream) {
    const asked = askedFor(prompt);
    return asked?.caption({ style: asked.style, quality: saidAmong(allQualityWords, prompt) }, stream);
  },
  exactScores(picture, prompt) {
    const judged = askedFor(prompt)?.judge(picture);
    if (!judged) return {};
    const isIn = (style: string): number => Number(judged.validity >= leastValidity && judged.style === style);
    return {
      ...exactScores(judged),
      ...Object.fromEntries(styleNames.map((name) => [`style.${name}`, isIn(name)])),
    };
  },
  render(prompt, stream) {
    const asked = askedFor(prompt);
    return asked?.render(asked.style ?? (stream ? stream.choice(styleNames) : styleNames[0]), stream);
  },
  coverage: (prompt) => askedFor(prompt)?.coverage(),
} as const satisfies Partial<KnownWorld>;

/** The gallery (world/scenes/gallery): its own prompts are of one object. */
export const galleryWorld: KnownWorld = {
  ...eitherTier,
  name: 'gallery',
  prompts: () => promptsOf(ofOne),
  webCaption: (index) => galleryCaptions(index, 1, 1)[0]!,
  benchmark: () => benchmarkOf(ofOne),
};

/** The gallery's harder tier (world/scenes/gallery/compositions): prompts of several objects. */
export const galleryHardWorld: KnownWorld = {
  ...eitherTier,
  name: 'gallery-hard',
  prompts: () => promptsOf(ofSeveral),
  webCaption: (index) => compositionCaptions(index, 1, 1)[0]!,
  benchmark: () => benchmarkOf(ofSeveral),
};
