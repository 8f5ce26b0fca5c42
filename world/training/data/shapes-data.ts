import { qualityOf } from '../../scenes/common/degradation.ts';
import { caption, parse } from '../../scenes/shapes/grammar.ts';
import { hiddenCells, hide, silhouette } from '../../scenes/shapes/guides.ts';
import { pictureSize, render } from '../../scenes/shapes/renderer.ts';
import { combinations, sceneKey, scenesOf, type Scene } from '../../scenes/shapes/scene.ts';
import { randomDegradation } from '../../scenes/shapes/tiers.ts';
import { webExample } from '../../scenes/shapes/web-like.ts';
import { BANK_TIERS, type WorldData } from './world-data.ts';
import { randomJitter } from '../../scenes/common/jitter.ts';

/** The shapes world's pictures and captions. */
export const shapesData: WorldData<Scene> = {
  trainingScene: (random) => random.choice(scenesOf('train')),
  webExample(index, seed) {
    const { image, caption, scene } = webExample(index, seed);
    return { image, captions: [caption], scene };
  },
  picture(random) {
    const scene = random.choice(scenesOf('train'));
    const degradation = randomDegradation(random, random.choice(BANK_TIERS));
    return {
      scene,
      quality: qualityOf(degradation, pictureSize),
      image: render(scene, { jitter: randomJitter(random), degradation, stream: random }),
    };
  },
  caption: (scene, random) => caption(scene, random),
  looseCaption: (scene, random) => caption(scene, random),
  sayOtherwise: (said, among, random) => caption(combinations.otherwise(parse(said) ?? {}, among, random), random),
  key: sceneKey,
  neighbor: (scene, random, among) => combinations.trainingNeighbor(scene, random, among),
  agreement: (scene, wanted) => combinations.agreement(scene, wanted),
  hiddenCells,
  hide,
  silhouette,
};
