/** A variant of tuning: settings on top of configs/paper.yaml, and which of its arms the comparison takes. */
export interface Variant {
  name: string;
  settings: readonly string[];
  /** The evaluation's arm -> what the comparison calls it. */
  arms: Readonly<Record<string, string>>;
}

/** Steps of tuning, by their part of the comparison. */
export interface Budget {
  seeds: number;
  encoder: number;
  unet: number;
  prompts: number;
}
export const fullBudget: Budget = { seeds: 3, encoder: 160, unet: 60, prompts: 320 };
export const quickBudget: Budget = { seeds: 1, encoder: 20, unet: 8, prompts: 80 };

/**
 * The variants. DDPO has as many steps of the same batch as reward tuning, that is as many reward evaluations; an update
 * on the same trajectories only once, so that a step of it also takes about as long.
 */
export function variants({ encoder, unet, prompts }: Budget): Variant[] {
  const keep = (steps: number) => Math.max(1, Math.floor(steps / 2));
  const ddpo = (steps: number) => `{steps: ${steps}, batch: 16, learningRate: 1.0e-4, warmup: 10, epochs: 1, group: 4, keepEvery: ${keep(steps)}}`; // prettier-ignore
  const common = [
    ...[`tuneEncoder.steps=${encoder}`, `tuneEncoder.keepEvery=${keep(encoder)}`],
    ...[`alarm.every=${keep(encoder)}`, `benchmarks.world.limit=${prompts}`],
  ];
  const tuneUnet = `tuneUnet={steps: ${unet}, batch: 16, learningRate: 1.0e-4, warmup: 10, keepEvery: ${keep(unet)}}`;
  return [
    {
      name: 'main',
      settings: [
        ...common,
        tuneUnet,
        `baselines.ddpoEncoder=${ddpo(encoder)}`,
        `baselines.ddpoUnet=${ddpo(unet)}`,
        `baselines.direct={steps: ${encoder}, batch: 16, learningRate: 1.0e-4, warmup: 10, keepEvery: ${keep(encoder)}}`,
        'baselines.promptEngineering={corpus: shapes, prompts: 48}',
      ],
      arms: {
        ...{ base: 'base', 'prompt-engineering': 'prompt engineering', direct: 'direct tuning' },
        ...{ 'ddpo-encoder': 'DDPO, encoder', 'ddpo-unet': 'DDPO, UNet' },
        ...{ tuned: 'encoder', 'encoder+unet': 'encoder + UNet' },
        ...Object.fromEntries(['0.25', '0.50', '0.75', '1.25'].map((weight) => [`blend-${weight}`, `encoder at ${weight}`])), // prettier-ignore
      },
    },
    { name: 'lora', settings: [...common, 'tuneEncoder.lora={rank: 16}', 'tuneEncoder.learningRate=0.001'], arms: { tuned: 'encoder, LoRA' } }, // prettier-ignore
    { name: 'joint', settings: [...common, 'tuneEncoder.joint={learningRate: 0.0001}'], arms: { joint: 'joint' } }, // prettier-ignore
    { name: 'fusion', settings: [...common, tuneUnet, 'tuneUnet.blend=0'], arms: { unet: 'UNet', fusion: 'fusion' } },
  ];
}
