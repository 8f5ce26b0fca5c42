import type { TokenizerFiles } from '../scenes/common/clip-tokenizer-files.ts';
import { tokenizerFiles } from '../scenes/shapes-tokenizer.ts';
import type { Scene } from '../scenes/scene.ts';
import { shapesData } from './data/shapes-data.ts';
import type { WorldData } from './data/world-data.ts';
import type { Recipe } from './recipes/recipe.ts';
import { shapesRecipe } from './recipes/shapes-recipe.ts';

/** A world: what its pictures and captions are, and how its models are made of them. */
export interface World<S> {
  readonly data: WorldData<S>;
  readonly recipe: Recipe;
  readonly tokenizer: () => TokenizerFiles;
}

export const shapesWorld: World<Scene> = { data: shapesData, recipe: shapesRecipe, tokenizer: tokenizerFiles };
