import { join } from 'node:path';
import { canonicalJson, writeFileAtomic } from '../../common/files.ts';
import type { StageContext } from '../../pipeline/stage.ts';
import { Arms, base } from '../arms.ts';
import { candidates, readTuned } from '../candidates.ts';
import { chooseCandidate, type CandidateArm, type ChooseBy } from '../choice.ts';
import { runExperiment } from '../experiment.ts';
import type { Arm } from '../generator.ts';
import { firstPrompts, setUp, type JudgingConfig } from '../setup.ts';

export interface SweepConfig extends JudgingConfig {
  /** Weights of the tuned encoder's embeddings. */
  blends: number[];
  /** How many validation prompts, and pictures of each. */
  prompts: number;
  samplesPerPrompt: number;
  chooseBy: ChooseBy;
}

/** Scores every kept checkpoint at every blend on validation prompts, tuned UNets included, and chooses one: sweep.json. */
export async function run(context: StageContext<SweepConfig, 'shard' | 'tune-encoder', 'tune-unet'>): Promise<void> {
  const { config, inputs, seed, signal } = context;
  const { samplesPerPrompt } = config;
  const prompts = await firstPrompts(inputs.shard, 'validation', config.prompts);
  const tuned = await readTuned(inputs['tune-encoder'], inputs['tune-unet']);
  const pictures = prompts.length * samplesPerPrompt;
  const { pipeline, generator, judge } = await setUp(config, seed, pictures, tuned.unets.length > 0);
  const original = generator.embed(pipeline.weights.textEncoder, prompts, config.model);

  const all = new Arms(pipeline, generator);
  const offered: CandidateArm[] = [];
  const arms: Arm[] = [await base.of({ prompts, original })];
  for (const { step, encoder, blend, unetStep, unet } of candidates(tuned, config.blends)) {
    const name = `step ${step}, blend ${blend}${unetStep === undefined ? '' : `, UNet of step ${unetStep}`}`;
    const source = all.blend(name, encoder, blend);
    offered.push({ step, blend, unetStep, arm: name });
    arms.push(await (unet === undefined ? source : all.withUnet(name, source, unet)).of({ prompts, original }));
  }
  const progress = (step: number, total: number) =>
    context.progress({ step, total, message: `${step} of ${total} pictures` });
  const scores = await runExperiment({ generator, judge, prompts, samplesPerPrompt, original, arms, signal, progress });
  const trained = config.rewards.map(({ name }) => name);
  const sweep = chooseCandidate(scores, offered, config.chooseBy, trained);
  await writeFileAtomic(join(context.output, 'sweep.json'), `${canonicalJson(sweep)}\n`);
}
