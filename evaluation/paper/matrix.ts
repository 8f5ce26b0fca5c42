import type { WorldName } from '../../world/scenes/common/world-names.ts';

/**
 * A variant of tuning: settings on top of configs/paper.yaml, and its arms in the comparison. An arm is one way of
 * making the pictures, such as a tuned encoder.
 */
export interface Variant {
  name: string;
  settings: readonly string[];
  /** Steps of tuning its encoder. */
  steps: number;
  /** The evaluation's arm -> its name in the comparison. */
  arms: Readonly<Record<string, string>>;
  /** A UNet of the stage `transfer` -> its name in the comparison. */
  transfer?: Readonly<Record<string, string>>;
  /** Its seeds, if not all. */
  seeds?: number;
  /** The alarm should stop it, so it has no results. */
  collapses?: true;
}

/** Tuning steps of the parts of the comparison. */
export interface Budget {
  seeds: number;
  encoder: number;
  unet: number;
  /** Steps of tuning encoder and UNet at once, and of the encoder with LoRA. */
  both: number;
  /** Steps of tuning the encoder without the CLIP constraint. */
  hacked: number;
  /** Reward evaluations of DDPO per reward evaluation of reward tuning. */
  ddpo: number;
  /** Held-out prompts of the comparison, and of that with other UNets. */
  prompts: number;
  transfer: number;
  /** Validation prompts that the alarm watches and the sweep chooses on. */
  validation: number;
}
export const fullBudget: Budget = {
  seeds: 3,
  encoder: 90,
  unet: 60,
  both: 60,
  hacked: 160,
  ddpo: 0.75,
  prompts: 300,
  transfer: 270,
  validation: 155,
};
export const quickBudget: Budget = {
  seeds: 1,
  encoder: 60,
  unet: 4,
  both: 8,
  hacked: 12,
  ddpo: 0.75,
  prompts: 300,
  transfer: 24,
  validation: 64,
};

/** Learning rates of everything but the encoder, whose is in configs/paper.yaml. */
const LEARNING_RATES = {
  unet: '1.0e-4',
  joint: '1.0e-4',
  lora: '1.0e-3',
  direct: '1.0e-4',
  ddpoEncoder: '3.0e-4',
  ddpoUnet: '1.0e-4',
};

/** Returns the name of a variant's run. */
export const runName = ({ name }: Variant, seed: number): string =>
  `paper-${name.toLowerCase().replace(/[^a-z]+/g, '-')}-${seed}`;

/** UNets that the encoder was not tuned with, and their arms in the comparison. */
const UNETS = [
  { name: 'second', arm: 'second UNet', folder: 'second', guide: 'none' },
  { name: 'inpainting', arm: 'inpainting UNet', folder: 'second-inpainting', guide: 'inpainting' },
  { name: 'control', arm: 'control UNet', folder: 'second-control', guide: 'silhouette' },
];

/** Pictures per prompt: the effect of an encoder on a UNet that it was not tuned with is small. */
export const PICTURES_WITH_OTHER_UNETS = 4;

/**
 * Returns the variants. Validation prompts choose each arm among its checkpoints. The DDPO baselines use `ddpo` times
 * the reward evaluations of reward tuning, about the same time, in a quarter of the steps: docs/evaluation.md lists
 * what else was tried.
 * @param world the embedded world of configs/paper.yaml
 */
export function variants(budget: Budget, world: WorldName): Variant[] {
  const { encoder, unet, both, hacked } = budget;
  const common = (steps: number, other?: Parameters<typeof commonSettings>[2]) => commonSettings(budget, steps, other);
  const noCurve = 'evaluate.blends=[]';
  const tuneUnet = `tuneUnet={${loop(unet, LEARNING_RATES.unet)}}`;
  return [
    encoderVariant(budget, world),
    {
      name: 'encoder + UNet',
      steps: encoder,
      settings: [...common(encoder), noCurve, compared('chosen', 'exported'), tuneUnet],
      arms: { chosen: 'encoder + UNet', exported: 'encoder + UNet, exported' },
    },
    {
      name: 'fusion',
      steps: encoder,
      settings: [
        // Nothing is chosen here: the final encoder and the final UNet are combined.
        ...common(encoder, { choosing: 2 }),
        ...[noCurve, compared('unet', 'fusion'), tuneUnet, 'tuneUnet.blend=0'],
        'sweep.blends=[1]',
      ],
      arms: { unet: 'UNet', fusion: 'fusion' },
    },
    {
      name: 'joint',
      steps: both,
      settings: [
        ...common(both),
        noCurve,
        compared('chosen'),
        `tuneEncoder.joint={learningRate: ${LEARNING_RATES.joint}}`,
      ],
      arms: { chosen: 'joint' },
    },
    {
      name: 'lora',
      steps: both,
      settings: [
        ...[...common(both), noCurve, compared('chosen')],
        ...['tuneEncoder.lora={rank: 16}', `tuneEncoder.learningRate=${LEARNING_RATES.lora}`],
      ],
      arms: { chosen: 'encoder, LoRA' },
    },
    // Pictures degrade late in tuning.
    {
      name: 'no CLIP constraint',
      steps: hacked,
      settings: [
        // If it is not stopped, nothing of what follows counts.
        ...common(hacked, { watched: hacked, choosing: 2 }),
        ...[noCurve, compared('chosen'), 'sweep.blends=[1]', 'rewards.clip.weight=0'],
      ],
      seeds: 1,
      collapses: true,
      arms: {},
    },
  ];
}

/** Tunes the encoder, with all baselines, the curve of its blends and the other UNets. */
function encoderVariant(budget: Budget, world: WorldName): Variant {
  const { encoder, unet, ddpo, transfer } = budget;
  const policy = (steps: number, learningRate: string) => {
    const own = Math.max(1, Math.round((steps * ddpo) / 4));
    return `{steps: ${own}, batch: 64, learningRate: ${learningRate}, warmup: 2, keepEvery: ${half(own)}, epochs: 1, group: 4}`;
  };
  const unets = UNETS.map(
    ({ name, folder, guide }) => `{name: ${name}, unet: world/${world}/${folder}, guide: ${guide}}`,
  ).join(', ');
  return {
    name: 'encoder',
    steps: encoder,
    settings: [
      ...commonSettings(budget, encoder),
      `baselines.ddpoEncoder=${policy(encoder, LEARNING_RATES.ddpoEncoder)}`,
      `baselines.ddpoUnet=${policy(unet, LEARNING_RATES.ddpoUnet)}`,
      `baselines.direct={${loop(encoder, LEARNING_RATES.direct)}, pictures: ${world}}`,
      // People append what makes pictures look better; the oracle would choose no phrase that costs anything.
      `baselines.promptEngineering={corpus: ${world}, prompts: 48, chooseBy: rewards}`,
      `transfer={prompts: ${transfer}, samplesPerPrompt: ${PICTURES_WITH_OTHER_UNETS}, images: 0, unets: [${unets}]}`,
    ],
    arms: {
      base: 'base',
      chosen: 'encoder',
      exported: 'encoder, exported',
      'prompt-engineering': 'prompt engineering',
      direct: 'direct tuning',
      'ddpo-encoder': 'DDPO, encoder',
      'ddpo-unet': 'DDPO, UNet',
      tuned: 'encoder at 1.00',
      ...Object.fromEntries(
        ['0.25', '0.50', '0.75', '1.25'].map((weight) => [`blend-${weight}`, `encoder at ${weight}`]),
      ),
    },
    transfer: Object.fromEntries(UNETS.map(({ name, arm }) => [name, arm])),
  };
}

/**
 * Settings of every variant.
 *
 * @param watched steps over which the alarm checks twice
 * @param choosing prompts on which the sweep chooses
 */
const commonSettings = (
  { encoder, prompts, validation }: Budget,
  steps: number,
  { watched = encoder, choosing = validation }: { watched?: number; choosing?: number } = {},
): string[] => [
  `benchmarks.world.limit=${prompts}`,
  `tuneEncoder.steps=${steps}`,
  `tuneEncoder.keepEvery=${Math.max(1, Math.floor(steps / 3))}`,
  `alarm={every: ${half(watched)}, prompts: ${validation}}`,
  `sweep.prompts=${choosing}`,
];

/** The arms that a variant adds to the comparison; the base is there for pairing. */
const compared = (...arms: string[]): string => `benchmarks.world.arms=[${arms.join(', ')}]`;

/** Settings of a tuning loop, which keeps two networks. */
const loop = (steps: number, learningRate: string) =>
  `steps: ${steps}, batch: 16, learningRate: ${learningRate}, warmup: 10, keepEvery: ${half(steps)}`;

const half = (steps: number) => Math.max(1, Math.floor(steps / 2));
