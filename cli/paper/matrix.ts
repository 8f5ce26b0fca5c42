/** A variant of tuning: settings on top of configs/paper.yaml, and which of its arms the comparison takes. */
export interface Variant {
  name: string;
  settings: readonly string[];
  /** The evaluation's arm -> what the comparison calls it. */
  arms: Readonly<Record<string, string>>;
  /** A UNet of the stage `transfer` -> what the comparison calls it. */
  transfer?: Readonly<Record<string, string>>;
  /** The alarm is to stop it: it has no results. */
  collapses?: true;
}

/** Steps of tuning, by their part of the comparison. */
export interface Budget {
  seeds: number;
  encoder: number;
  unet: number;
  /** Steps of DDPO for one of reward tuning. */
  ddpo: number;
  /** Held-out prompts to compare on, and with other UNets. */
  prompts: number;
  transfer: number;
}
export const fullBudget: Budget = { seeds: 3, encoder: 160, unet: 60, ddpo: 1, prompts: 320, transfer: 264 };
export const quickBudget: Budget = { seeds: 1, encoder: 20, unet: 8, ddpo: 1, prompts: 80, transfer: 40 };

/** UNets that the encoder was not tuned with, as the comparison calls them. */
const UNETS = { second: 'second UNet', inpainting: 'inpainting UNet', control: 'control UNet' } as const;
const guides = { second: 'none', inpainting: 'inpainting', control: 'silhouette' };
const folders = { second: 'world/second', inpainting: 'world/second-inpainting', control: 'world/second-control' };

/**
 * The variants. Every arm is what validation prompts chose among what it kept. The DDPO baselines have `ddpo` times the
 * reward evaluations of reward tuning, which takes them about as long.
 */
export function variants({ encoder, unet, ddpo, prompts, transfer }: Budget): Variant[] {
  const keep = (steps: number) => Math.max(1, Math.floor(steps / 4));
  const policy = (steps: number) => `{steps: ${steps}, batch: 16, learningRate: 1.0e-4, warmup: 10, epochs: 1, group: 4, keepEvery: ${keep(steps)}}`; // prettier-ignore
  const common = [`tuneEncoder.steps=${encoder}`, `tuneEncoder.keepEvery=${keep(encoder)}`, `alarm.every=${keep(encoder)}`, `benchmarks.world.limit=${prompts}`]; // prettier-ignore
  const tuneUnet = `tuneUnet={steps: ${unet}, batch: 16, learningRate: 1.0e-4, warmup: 10, keepEvery: ${keep(unet)}}`;
  const others = Object.keys(UNETS) as (keyof typeof UNETS)[];
  const unets = others.map((name) => `{name: ${name}, unet: ${folders[name]}, guide: ${guides[name]}}`).join(', ');
  return [
    {
      name: 'encoder',
      settings: [
        ...common,
        `baselines.ddpoEncoder=${policy(Math.round(encoder * ddpo))}`,
        `baselines.ddpoUnet=${policy(Math.round(unet * ddpo))}`,
        `baselines.direct={steps: ${encoder}, batch: 16, learningRate: 1.0e-4, warmup: 10, keepEvery: ${keep(encoder)}}`,
        'baselines.promptEngineering={corpus: shapes, prompts: 48}',
        `transfer={prompts: ${transfer}, samplesPerPrompt: 2, images: 0, unets: [${unets}]}`,
      ],
      arms: {
        ...{ base: 'base', chosen: 'encoder', 'prompt-engineering': 'prompt engineering', direct: 'direct tuning' },
        ...{ 'ddpo-encoder': 'DDPO, encoder', 'ddpo-unet': 'DDPO, UNet', tuned: 'encoder at 1.00' },
        ...Object.fromEntries(['0.25', '0.50', '0.75', '1.25'].map((weight) => [`blend-${weight}`, `encoder at ${weight}`])), // prettier-ignore
      },
      transfer: UNETS,
    },
    { name: 'lora', settings: [...common, 'tuneEncoder.lora={rank: 16}', 'tuneEncoder.learningRate=0.001'], arms: { chosen: 'encoder, LoRA' } }, // prettier-ignore
    { name: 'encoder + UNet', settings: [...common, tuneUnet], arms: { chosen: 'encoder + UNet' } },
    { name: 'joint', settings: [...common, 'tuneEncoder.joint={learningRate: 0.0001}'], arms: { chosen: 'joint' } },
    { name: 'fusion', settings: [...common, tuneUnet, 'tuneUnet.blend=0'], arms: { unet: 'UNet', fusion: 'fusion' } },
    { name: 'no CLIP constraint', settings: [...common, 'rewards.clip.weight=0'], collapses: true, arms: {} },
  ];
}
