import { join } from 'node:path';
import { canonicalJson, writeFileAtomic } from '../../common/files.ts';
import type { StageContext } from '../../pipeline/stage.ts';
import { Arms, base } from '../arms.ts';
import { baselineCandidates, type TunedBaseline } from '../baseline-arms.ts';
import { candidates, readTuned, type Candidate } from '../candidates.ts';
import { chooseCandidate, type CandidateArm, type ChooseBy } from '../choice.ts';
import { runExperiment } from '../experiment.ts';
import { ExperimentJournal } from '../journal.ts';
import type { Sweep } from '../report/data.ts';
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

/**
 * Scores every kept checkpoint at every blend on validation prompts, tuned UNets included, and chooses one: sweep.json.
 * So it does with what each baseline kept, by the same rule.
 */
export async function run(
  context: StageContext<SweepConfig, 'shard' | 'tune-encoder', 'tune-unet' | TunedBaseline>,
): Promise<void> {
  const { config, inputs, seed, signal } = context;
  const { samplesPerPrompt } = config;
  const prompts = await firstPrompts(inputs.shard, 'validation', config.prompts);
  const tuned = await readTuned(inputs['tune-encoder'], inputs['tune-unet']);
  const baselines = await baselineCandidates(inputs, config.blends);
  const pictures = prompts.length * samplesPerPrompt;
  const withUnet = tuned.unets.length > 0 || inputs['ddpo-unet'] !== undefined;
  const { pipeline, generator, judge } = await setUp(config, seed, pictures, withUnet);
  const original = generator.embed(pipeline.weights.textEncoder, prompts, config.model);

  const all = new Arms(pipeline, generator);
  const arms: Arm[] = [await base.of({ prompts, original })];
  const offer = async (offered: readonly Candidate[], of = ''): Promise<CandidateArm[]> => {
    const list: CandidateArm[] = [];
    for (const { step, encoder, blend, unetStep, unet } of offered) {
      const name = `${of}step ${step}, blend ${blend}${unetStep === undefined ? '' : `, UNet of step ${unetStep}`}`;
      list.push({ step, blend, unetStep, arm: name });
      arms.push(await all.tuned(name, encoder, blend, unet).of({ prompts, original }));
    }
    return list;
  };
  const own = await offer(candidates(tuned, config.blends));
  const others: [string, CandidateArm[]][] = [];
  for (const [name, offered] of Object.entries(baselines)) others.push([name, await offer(offered, `${name}, `)]);
  const progress = (step: number, total: number) =>
    context.progress({ step, total, message: `${step} of ${total} pictures` });
  const journal = await ExperimentJournal.open(join(context.scratch, 'scores.jsonl'));
  const scores = await runExperiment({
    generator,
    judge,
    prompts,
    samplesPerPrompt,
    original,
    arms,
    signal,
    progress,
    journal,
  });
  const trained = config.rewards.map(({ name }) => name);
  const choose = (offered: readonly CandidateArm[]) => chooseCandidate(scores, offered, config.chooseBy, trained);
  const chosenOthers = Object.fromEntries(others.map(([name, offered]) => [name, choose(offered)] as const));
  const sweep: Sweep = { ...choose(own), ...(others.length > 0 ? { baselines: chosenOthers } : {}) };
  await writeFileAtomic(join(context.output, 'sweep.json'), `${canonicalJson(sweep)}\n`);
}
