import type { TuneSettings, LoraOptions } from './tune-settings.ts';
import { computeType } from '../engine/compute-type.ts';
import { vaeScale } from '../models/vae/vae-config.ts';
import { worldOfSide } from '../world/known/known-worlds.ts';
import type { LoadedPipeline } from '../models/folder/pipeline-folder.ts';
import type { LoraSettings } from '../models/lora/lora.ts';
import { LORA_TARGETS } from '../models/lora/lora-targets.ts';
import { loadRewards } from '../rewards/reward-types.ts';
import { ADAMW, type AdamWOptions } from './optimizer/adamw.ts';
import type { Alarm } from './alarm/alarm.ts';
import { augmentPrompt, changesPrompts } from './augmentation/prompt.ts';
import type { Generator } from './generator/generator.ts';
import { HELD_OUT, Observer, withObservers } from './alarm/observer.ts';
import { openAlarm } from './alarm/open-alarm.ts';
import { textToImage, type TextToImageSettings, type TrainableNetwork } from './generator/text-to-image.ts';
import { Trainer } from './trainer.ts';

/** A network that a stage trains. */
export interface NetworkToTrain {
  name: TrainableNetwork;
  learningRate: number;
  lora?: LoraOptions | undefined;
}

export interface MakeOptions extends Pick<TextToImageSettings, 'encoder'> {
  seed: number;
  embeddingPull?: number;
  /** Folders of the prompts and of the alarm's file. With them, and if `alarm` is set, an alarm is opened. */
  watch?: { shards: string; scratch: string };
  /** Makes an observer even without an alarm. */
  observes?: boolean;
  /** For trainers that take their own steps without scaling the loss: float32 instead of float16, which needs it. */
  ownSteps?: boolean;
}

/** The tools of a tuning stage. */
export interface TuningTools {
  trainer: Trainer;
  generator: Generator;
  /** Only with an alarm or `observes`. */
  observer?: Observer;
  alarm?: Alarm;
}

/** Makes a stage's trainer, with its alarm and observer if they are wanted. */
export async function makeTrainer(
  pipeline: LoadedPipeline,
  config: TuneSettings,
  networks: readonly NetworkToTrain[],
  { seed, embeddingPull = 0, encoder, watch, observes = false, ownSteps = false }: MakeOptions,
): Promise<TuningTools> {
  const { batch, sampler, augment, gradient, average = 0, alarm, heldOut } = config;
  const watched = observes || (watch !== undefined && alarm !== undefined);
  const held = watched && heldOut ? [{ ...heldOut, name: HELD_OUT, weight: 0 }] : [];
  const rewards = await loadRewards([...config.rewards, ...held]);
  const trained = rewards.slice(0, config.rewards.length);
  const plain = textToImage(pipeline, trained, { batch, sampler, encoder, augmentation: augment });
  const generator = watched ? withObservers(plain, rewards) : plain;
  const { unet, vae } = pipeline.config;
  const world = worldOfSide(unet.sample_size * vaeScale(vae));
  const trainer = new Trainer(generator, {
    trained: networks.map(({ name, learningRate, lora }) => ({
      name,
      learningRate,
      ...(lora ? { lora: complete(name, lora) } : {}),
    })),
    gradientSteps: sampler.gradientSteps,
    embeddingPull,
    optimizer: optimizerOf(config),
    type: ownSteps && computeType() === 'float16' ? 'float32' : computeType(),
    seed,
    weightPull: config.weightPull ?? 0,
    ...(average > 0 ? { averageDecay: average } : {}),
    ...(gradient ? { gradient } : {}),
    ...(augment && changesPrompts(augment)
      ? { augmentPrompt: (prompt, stream) => augmentPrompt(prompt, augment, world, stream) }
      : {}),
  });
  if (!watched) return { trainer, generator };
  const observer = new Observer(trainer.program, generator, rewards);
  if (!watch || !alarm) return { trainer, generator, observer };
  return {
    trainer,
    generator,
    observer,
    alarm: await openAlarm({ pipeline, config, alarm, trainer, observer, watch, seed }),
  };
}

const optimizerOf = ({
  weightDecay = 0,
  gradientClip = ADAMW.gradientClip,
  optimizer,
}: TuneSettings): AdamWOptions => ({ ...ADAMW, weightDecay, gradientClip, moments: optimizer?.states });

const complete = (network: TrainableNetwork, { rank, alpha = rank, targets }: LoraOptions): LoraSettings => ({
  rank,
  alpha,
  targets: targets ?? LORA_TARGETS[network],
});
