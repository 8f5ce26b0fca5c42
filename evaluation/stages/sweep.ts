import { join } from 'node:path';
import { canonicalJson, writeFileAtomic } from '../../common/files.ts';
import { loadTextEncoder } from '../../models/pipeline.ts';
import type { StageContext } from '../../pipeline/stage.ts';
import { chooseCandidate, type CandidateArm, type ChooseBy } from '../choice.ts';
import { runExperiment } from '../experiment.ts';
import type { Arm } from '../generator.ts';
import { firstPrompts, setUp, tunedEncoders, type JudgingConfig } from '../setup.ts';

export interface SweepConfig extends JudgingConfig {
  /** Weights of the tuned encoder's embeddings. */
  blends: number[];
  /** How many validation prompts, and pictures of each. */
  prompts: number;
  samplesPerPrompt: number;
  chooseBy: ChooseBy;
}

/** Scores every kept checkpoint at every blend on validation prompts and chooses one: sweep.json. */
export async function run(context: StageContext<SweepConfig, 'shard' | 'tune-encoder'>): Promise<void> {
  const { config, inputs, seed, signal } = context;
  const prompts = await firstPrompts(inputs.shard, 'validation', config.prompts);
  const { pipeline, generator, judge } = await setUp(config, seed, prompts.length * config.samplesPerPrompt);
  const original = generator.embed(pipeline.weights.textEncoder, prompts, config.model);

  const candidates: CandidateArm[] = [];
  const arms: Arm[] = [{ name: 'base', terms: [{ embeddings: original, weight: 1 }] }];
  for (const { step, path } of await tunedEncoders(inputs['tune-encoder'])) {
    const tuned = generator.embed(await loadTextEncoder(path), prompts, path);
    for (const blend of config.blends.filter((blend) => blend > 0)) {
      const name = `step ${step}, blend ${blend}`;
      candidates.push({ step, blend, arm: name });
      arms.push({ name, terms: [{ embeddings: tuned, weight: blend }, { embeddings: original, weight: 1 - blend }] }); // prettier-ignore
    }
  }
  const progress = (step: number, total: number) =>
    context.progress({ step, total, message: `${step} of ${total} pictures` });
  const { samplesPerPrompt } = config;
  const scores = await runExperiment({ generator, judge, prompts, samplesPerPrompt, original, arms, signal, progress });
  const trained = config.rewards.map(({ name }) => name);
  const sweep = chooseCandidate(scores, candidates, config.chooseBy, trained);
  await writeFileAtomic(join(context.output, 'sweep.json'), `${canonicalJson(sweep)}\n`);
}
