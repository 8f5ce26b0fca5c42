import { loadPipeline } from '../../models/folder/pipeline-folder.ts';
import { stochasticStep } from '../../models/sampling/ddim.ts';
import { DdimSchedule } from '../../models/sampling/levels/ddim-schedule.ts';
import type { StageBody } from '../../pipeline/stage.ts';
import { DdpoTuner, type DdpoSettings } from '../baselines/ddpo-tuner.ts';
import { keepNetworks } from '../checkpoint/keep-networks.ts';
import { readRollout } from '../rollout/rollout-samples.ts';
import { makeTrainer } from '../make-trainer.ts';
import type { TuneSettings } from '../tune-settings.ts';
import type { TrainableNetwork } from '../generator/text-to-image.ts';
import { tune } from '../tune.ts';

export interface DdpoStageSettings extends TuneSettings, DdpoSettings {
  network: TrainableNetwork;
  /** Noise of the last K steps, DDPO's actions: 1 is ancestral sampling. */
  eta: number;
}

/** The reinforcement-learning baseline: the same rollout, rewards and last K steps, but no gradient of the rewards. */
export const run: StageBody<DdpoStageSettings, 'rollout'> = async (context) => {
  const { config, seed, inputs } = context;
  const { network, learningRate, sampler, lora, eta } = config;
  const pipeline = await loadPipeline(config.model);
  const { trainer, generator, observer } = await makeTrainer(
    pipeline,
    config,
    [{ name: network, learningRate, lora }],
    { seed, observes: true, ownSteps: true },
  );
  const schedule = new DdimSchedule(pipeline.config.scheduler);
  const actions = schedule
    .timesteps(sampler.steps)
    .slice(-sampler.gradientSteps)
    .map((t) => {
      const { a, b, sigma } = stochasticStep(schedule, t, sampler.steps, eta);
      return { numbers: [t, a, b], sigma };
    });
  await tune(context, {
    tuner: new DdpoTuner({
      trainer,
      generator,
      observer: observer!,
      actions,
      seed,
      settings: config,
      weights: Object.fromEntries(config.rewards.map(({ name, weight }) => [name, weight])),
    }),
    rollout: await readRollout(inputs.rollout),
    networks: [network],
    keep: keepNetworks(trainer, pipeline, [network]),
  });
};
