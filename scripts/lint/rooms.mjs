/**
 * Rooms of the house: each folder, and the folders that it may import from. docs/architecture.md has the same table in
 * words, and a test keeps the two in step. A file belongs to the room with the longest name that fits.
 *
 * @type {Record<string, string[]>}
 */
export const rooms = {
  common: [],
  engine: ['common'],
  models: ['common', 'engine'],
  rewards: ['common', 'engine', 'models'],
  'world/scenes': ['common'],
  'world/known': ['common', 'world/scenes'],
  datasets: ['common', 'world/known'],
  training: ['common', 'engine', 'models', 'rewards', 'datasets', 'world/known'],
  'world/training': ['common', 'engine', 'models', 'rewards', 'training', 'world/scenes'],
  evaluation: ['common', 'engine', 'models', 'rewards', 'datasets', 'world/scenes', 'world/known'],
  pipeline: ['common'],
  registry: ['common', 'pipeline'],
  activities: ['common', 'engine', 'models', 'rewards', 'datasets', 'training', 'evaluation', 'pipeline', 'registry'],
  workflows: ['common', 'pipeline'],
  temporal: ['common', 'scripts', 'pipeline', 'activities', 'workflows'],
  api: [
    ...['common', 'engine', 'models', 'rewards', 'datasets', 'world/scenes', 'world/known'],
    ...['training', 'world/training', 'evaluation', 'pipeline', 'registry', 'workflows', 'temporal'],
  ],
  'studio/server': ['common', 'pipeline', 'api'],
  'studio/page': ['common'],
  cli: [
    ...['common', 'engine', 'models', 'rewards', 'datasets', 'world', 'training', 'evaluation'],
    ...['pipeline', 'registry', 'activities', 'workflows', 'temporal', 'api', 'studio/server', 'scripts'],
  ],
};

/** Folders outside the house, which import from it. */
export const outside = ['scripts', 'bench', 'test', 'examples'];

/** Rooms from which only types may be imported. @type {Record<string, string[]>} */
export const typesOf = {
  pipeline: ['engine', 'models', 'rewards', 'datasets', 'training', 'evaluation'],
  registry: ['evaluation'],
  workflows: ['activities'],
  'studio/page': ['api', 'pipeline', 'evaluation', 'studio/server'],
};

/** Lists of names, which the configuration's schema reads: any room may import them. */
export const vocabularies = [
  'engine/compute-type-names.ts',
  'models/sampling/scheduler-names.ts',
  'rewards/reward-names.ts',
  'datasets/rules/rule-names.ts',
  'training/training-names.ts',
  'evaluation/evaluation-names.ts',
  'world/scenes/common/world-names.ts',
];

/**
 * A part of another room that a room may import despite the table: the tokenizer needs no engine, nor do the report's
 * formats of numbers. @type {Record<string, string>}
 */
export const parts = {
  'world/scenes': 'models/clip/tokenizer/',
  datasets: 'models/clip/tokenizer/',
  'studio/page': 'evaluation/report/format-numbers.ts',
};

/** The types that stages are written against: any room may import them. */
export const stageTypes = 'pipeline/stage.ts';

/** Folders that may have more than {@link most} files: lists of similar things. */
export const lists = ['cli/commands', 'rewards'];
/** Most source files directly in a folder. */
export const most = 15;
/** Most folders at the root, not counting those with a leading dot. */
export const mostRoots = 22;
