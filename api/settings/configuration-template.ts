import { WORLD_NAMES, type WorldName } from '../../world/scenes/common/world-names.ts';

/** What a new configuration is made from. */
export interface Answers {
  /** Name of its runs. */
  name: string;
  /** An embedded world, a diffusers folder, or owner/name on the hub. */
  model: string;
  /** A file, folder or pattern, hf://datasets/OWNER/NAME, or the name of an embedded world. */
  prompts: string;
  /** Names of {@link rewardChoices}. */
  rewards: readonly string[];
}

interface Choice {
  name: string;
  /** What it rewards, in words. */
  what: string;
  /** Its line of YAML but for the weight. */
  yaml: string;
  weight: number;
}

const isWorld = (model: string): model is WorldName => (WORLD_NAMES as readonly string[]).includes(model);

/**
 * Lists what may be rewarded with a model: the first is the constraint that is always on.
 * @param model as in {@link Answers}
 * @example
 * ```ts
 * import { rewardChoices } from './api/settings/configuration-template.ts';
 *
 * console.log(rewardChoices('gallery').map(({ name, what }) => `${name}: ${what}`));
 * ```
 */
export const rewardChoices = (model: string): readonly Choice[] =>
  isWorld(model) ? worldRewards(`world/${model}`, model) : publishedRewards;

const worldRewards = (folder: string, world: WorldName): readonly Choice[] => [
  {
    name: 'clip',
    what: 'that the picture shows what the prompt says',
    yaml: `type: clip-similarity, model: ${folder}/clip`,
    weight: world === 'gallery' ? 300 : 100,
  },
  {
    name: 'aesthetic',
    what: 'that it is beautiful',
    yaml: `type: aesthetic, model: ${folder}/aesthetic, head: ${folder}/aesthetic/head.safetensors`,
    weight: world === 'gallery' ? 2 : 0.3,
  },
  {
    name: 'preference',
    what: 'that people would choose it',
    yaml: `type: pickscore, model: ${folder}/preference`,
    weight: world === 'gallery' ? 4 : 2,
  },
];

const largeClip = 'openai/clip-vit-large-patch14';
const publishedRewards: readonly Choice[] = [
  {
    name: 'clip',
    what: 'that the picture shows what the prompt says (CLIP ViT-L/14)',
    yaml: `type: clip-similarity, model: ${largeClip}`,
    weight: 100,
  },
  {
    name: 'pickscore',
    what: 'that people would choose it (PickScore)',
    yaml: 'type: pickscore, model: yuvalkirstain/PickScore_v1',
    weight: 1,
  },
  {
    name: 'hps',
    what: 'that people would choose it (HPSv2.1)',
    yaml: `type: hpsv2, model: xswu/HPSv2/HPS_v2.1_compressed.pt, tokenizer: ${largeClip}`,
    weight: 1,
  },
];

/** The rewards without `--reward`, for a model of either kind. */
const usual: readonly string[] = ['clip', 'aesthetic', 'preference', 'pickscore'];

/**
 * Lists the rewards that a configuration has unless others are asked for.
 * @example
 * ```ts
 * import { usualRewards } from './api/settings/configuration-template.ts';
 *
 * console.log(usualRewards('gallery')); // clip, aesthetic, preference
 * ```
 */
export const usualRewards = (model: string): string[] =>
  rewardChoices(model)
    .map(({ name }) => name)
    .filter((name) => usual.includes(name));

/**
 * Writes a configuration as commented YAML.
 * @example
 * ```ts
 * import { configurationText } from './api/settings/configuration-template.ts';
 *
 * const answers = { name: 'mine', model: 'shapes', prompts: 'prompts.txt', rewards: ['clip', 'preference'] };
 * console.log(configurationText(answers));
 * ```
 */
export function configurationText({ name, model, prompts, rewards }: Answers): string {
  const choices = rewardChoices(model);
  const lines = choices
    .filter((choice, i) => i === 0 || rewards.includes(choice.name))
    .map((choice) => `  - { name: ${choice.name}, ${choice.yaml}, weight: ${choice.weight} }`);
  const sizes = isWorld(model) ? embedded(model) : published;
  return `# Every key has a default: "textcraftor config show" prints all of them, "textcraftor config schema" describes them.
# A relative path starts at the folder in which the command is run.

# Names the runs. One seed gives one result.
name: ${quoted(name)}
seed: 1
# The model whose text encoder is tuned: a diffusers folder, or owner/name on the Hugging Face hub (docs/models.md).
model: ${quoted(isWorld(model) ? `world/${model}/base` : model)}
# A file, folder or pattern, hf://datasets/OWNER/NAME, or an embedded world: shapes, gallery (docs/prompts.md).
prompts:
  source: ${quoted(prompts)}
${sizes.sampling}# What to reward; the weights set how much each one counts. The first, that the picture shows what the prompt says, keeps
# tuning from gaming the others.
rewards:
${lines.join('\n')}
# Only judges the result: nothing is trained on it.
heldOut: ${isWorld(model) ? `{ type: film-cnn, model: world/${model}/held-out }` : heldOut(rewards)}
${sizes.tuning}`;
}

/** A published reward that nothing is trained on. */
const heldOut = (rewards: readonly string[]): string => {
  const free = publishedRewards.filter(({ name }) => name !== 'clip' && !rewards.includes(name));
  return `{ ${(free.find(({ name }) => name === 'hps') ?? free[0]!).yaml} }`;
};

/** Text that YAML reads as this very string. */
const quoted = (text: string): string =>
  /^[A-Za-z][\w./-]*$/.test(text) && !isWord(text) ? text : JSON.stringify(text);
const isWord = (text: string): boolean => /^(true|false|null|yes|no|on|off|y|n)$/i.test(text);

interface Sizes {
  sampling: string;
  tuning: string;
}

const sampling = (steps: number, guidance: number, last: number, prompts: number, batch: number): string =>
  `sampler:
  steps: ${steps}
  guidance: ${guidance}
  # K, the last steps that the gradient flows through.
  gradientSteps: ${last}
# The steps before the last K, run once without gradient; tuning starts from their latents.
rollout:
  prompts: ${prompts}
  batch: ${batch}
`;

const embedded = (world: WorldName): Sizes => ({
  sampling: sampling(8, world === 'gallery' ? 1.25 : 3, 7, 768, 32),
  tuning: `tuneEncoder:
  steps: ${world === 'gallery' ? 100 : 160}
  batch: 16
  learningRate: ${world === 'gallery' ? '2.5e-4' : '1.0e-4'}
  warmup: 10
  checkpointEvery: 10
  keepEvery: ${world === 'gallery' ? 50 : 40}
# Looks at validation prompts every so many steps, and stops a run that games its rewards.
alarm: { every: ${world === 'gallery' ? 50 : 80}, prompts: 96 }
# Chooses a training step and a weight between the original and the tuned encoder.
sweep:
  chooseBy: heldOut
  prompts: 142
  samplesPerPrompt: 1
evaluate:
  prompts: 264
  samplesPerPrompt: 2
# Networks this small gain nothing from splitting an operation over threads.
engine: { lanes: 2 }
`,
});

const published: Sizes = {
  sampling: sampling(25, 7.5, 5, 10_000, 4),
  tuning: `tuneEncoder:
  steps: 10000
  batch: 4
  learningRate: 1.0e-6
  warmup: 100
  checkpointEvery: 50
  keepEvery: 1000
# Looks at validation prompts every so many steps, and stops a run that games its rewards.
alarm: { every: 500, prompts: 64 }
# Chooses a training step and a weight between the original and the tuned encoder.
sweep:
  chooseBy: heldOut
  prompts: 100
evaluate:
  prompts: 500
  images: 48
# For a GPU: computes, and keeps frozen weights, in 16 bits.
# engine: { dtype: bfloat16 }
`,
};
