import type { WorldName } from '../scenes/common/world-names.ts';
import type { TokenizerFiles } from '../scenes/common/clip-tokenizer-files.ts';
import { tokenizerFiles } from '../scenes/shapes/shapes-tokenizer.ts';
import type { Scene } from '../scenes/shapes/scene.ts';
import { galleryTokenizerFiles } from '../scenes/gallery/gallery-tokenizer.ts';
import { galleryData } from './data/gallery-data.ts';
import { shapesData } from './data/shapes-data.ts';
import type { WorldData } from './data/world-data.ts';
import { HARD_SHARE, galleryRecipe } from './recipes/gallery-recipe.ts';
import type { Recipe } from './recipes/recipe.ts';
import { shapesRecipe } from './recipes/shapes-recipe.ts';

/** A world: what its pictures and captions are, and how its models are made of them. */
export interface World<S> {
  readonly data: WorldData<S>;
  readonly recipe: Recipe;
  readonly tokenizer: () => TokenizerFiles;
}

export const shapesWorld: World<Scene> = { data: shapesData, recipe: shapesRecipe, tokenizer: tokenizerFiles };

/** Calls `use` with the named world, whatever its scenes are. */
export function withWorld<R>(name: WorldName, use: <S>(world: World<S>) => R): R {
  if (name === 'shapes') return use(shapesWorld);
  return use({ data: galleryData, recipe: galleryRecipe, tokenizer: () => galleryTokenizerFiles(HARD_SHARE > 0) });
}
