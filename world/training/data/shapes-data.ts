import { qualityOf, type Tier } from '../../scenes/common/degradation.ts';
import { caption, parse } from '../../scenes/grammar.ts';
import { hiddenCells, hide, silhouette } from '../../scenes/guides.ts';
import { pictureSize, randomJitter, render } from '../../scenes/renderer.ts';
import { attributeNames, attributes, combinations, sceneKey, scenesOf, type Scene } from '../../scenes/scene.ts';
import { randomDegradation } from '../../scenes/tiers.ts';
import { webExample } from '../../scenes/web-like.ts';
import { neighbour } from './neighbour.ts';
import type { WorldData } from './world-data.ts';

const WEB_SEED = 1;
const TIERS: readonly Tier[] = ['good', 'good', 'medium', 'dull'];

/** The shapes world's pictures and captions. */
export const shapesData: WorldData<Scene> = {
  train: scenesOf('train'),
  webExample: (index) => webExample(index, WEB_SEED),
  picture(random) {
    const scene = random.choice(scenesOf('train'));
    const degradation = randomDegradation(random, random.choice(TIERS));
    return {
      scene,
      quality: qualityOf(degradation, pictureSize),
      image: render(scene, { jitter: randomJitter(random), degradation, stream: random }),
    };
  },
  caption: (scene, random) => caption(scene, random),
  sayOtherwise(said, among, random) {
    const scene = parse(said) ?? {};
    const named = attributeNames.filter((name) => scene[name] !== undefined);
    const changeable = among.filter((name) => named.includes(name));
    const attribute = random.choice(changeable.length > 0 ? changeable : named.length > 0 ? named : attributeNames);
    const others = attributes[attribute].filter((value) => value !== scene[attribute]);
    return caption({ ...scene, [attribute]: random.choice(others) }, random);
  },
  key: sceneKey,
  neighbour: (scene, random, among = attributeNames) => neighbour(combinations, attributes, scene, random, among),
  agreement: (scene, wanted) => attributeNames.filter((name) => scene[name] === wanted[name]).length / 5,
  hiddenCells,
  hide,
  silhouette,
};
