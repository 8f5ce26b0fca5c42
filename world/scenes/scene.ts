import { sha256 } from '../../common/files.ts';

/** Attributes of a picture of the shapes world, which shows one object. */
export const attributes = {
  shape: ['circle', 'square', 'triangle', 'cross'],
  color: ['red', 'green', 'blue', 'yellow', 'pink', 'cyan'],
  background: ['white', 'gray', 'black', 'brown', 'mint'],
  size: ['small', 'large'],
  position: ['center', 'top left', 'top right', 'bottom left', 'bottom right'],
} as const;

export type Attribute = keyof typeof attributes;
export type Scene = { [A in Attribute]: (typeof attributes)[A][number] };
export type Split = 'train' | 'validation' | 'test';

export const attributeNames = Object.keys(attributes) as readonly Attribute[];

/** All 1,200 combinations, in a fixed order. */
export const scenes: readonly Scene[] = attributes.shape.flatMap((shape) =>
  attributes.color.flatMap((color) =>
    attributes.background.flatMap((background) =>
      attributes.size.flatMap((size) =>
        attributes.position.map((position): Scene => ({ shape, color, background, size, position })),
      ),
    ),
  ),
);

/** Returns the combination as one string, such as "circle/red/white/small/top left". */
export function sceneKey(scene: Scene): string {
  return attributeNames.map((name) => scene[name]).join('/');
}

/** Upper bounds of hashes for train and validation, as shares of the combinations; the rest is test. */
const trainShare = 0.65;
const validationShare = 0.77;

function splitOfKey(key: string): Split {
  const share = parseInt(sha256(`shapes world/${key}`).slice(0, 8), 16) / 2 ** 32;
  return share < trainShare ? 'train' : share < validationShare ? 'validation' : 'test';
}

const splitByKey = new Map(scenes.map((scene) => [sceneKey(scene), splitOfKey(sceneKey(scene))]));

/** Returns the split of a combination by its hash: no combination is in two splits, whatever its phrasing. */
export function sceneSplit(scene: Scene): Split {
  return splitByKey.get(sceneKey(scene))!;
}

const inSplit = (split: Split): readonly Scene[] => scenes.filter((scene) => sceneSplit(scene) === split);
const scenesBySplit = { train: inSplit('train'), validation: inSplit('validation'), test: inSplit('test') };

/** Returns the combinations of one split, in the order of `scenes`. */
export function scenesOf(split: Split): readonly Scene[] {
  return scenesBySplit[split];
}
