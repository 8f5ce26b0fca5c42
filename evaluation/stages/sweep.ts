import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import type { StageContext } from '../../pipeline/stage.ts';
import { exportedEncoder } from '../arms/exported-encoder.ts';
import { Arms, base, type ArmSource } from '../arms/arms.ts';
import { baselineCandidates, type TunedBaseline } from '../arms/baseline-arms.ts';
import { candidates, readTuned, type Candidate } from '../arms/candidates.ts';
import {
  bestNetworks,
  chooseCandidate,
  isSameNetwork,
  type CandidateArm,
  type ChooseBy,
} from '../comparison/choice.ts';
import type { ArmScores } from '../comparison/experiment.ts';
import { SourceScorer } from '../comparison/source-scorer.ts';
import { exportCandidates, writeExportedEncoder } from '../arms/exported-arm.ts';
import { type Sweep, SWEEP } from '../results.ts';
import { firstPrompts, setUp, type JudgingConfig } from '../comparison/setup.ts';
import { writeResult } from '../../common/files/result-file.ts';

export interface SweepConfig extends JudgingConfig {
  /** Weights of the tuned encoder's embeddings, and of its weight change when exported. */
  blends: number[];
  /** Number of validation prompts, and of pictures of each. */
  prompts: number;
  samplesPerPrompt: number;
  chooseBy: ChooseBy;
  /** Number of best tuned networks that are also tried as exported files. */
  finalists: number;
  /** Whether UNets tuned after the encoder may be chosen; default true. */
  unets?: boolean | undefined;
}

/** A candidate and the name of its scores. */
type Offered = CandidateArm & { source: ArmSource };

/**
 * Scores every kept checkpoint, tuned UNets included, at every blend on validation prompts. Export candidates of the
 * best few are written to files, read back and used in all steps. The choice is made by their scores, or by those in
 * the last K steps if none matches the original in all steps. Writes sweep.json, and exported/text_encoder/ with the
 * exported encoder. Each baseline's checkpoint is chosen by the same rule, in the last steps.
 */
export async function run(
  context: StageContext<SweepConfig, 'shard' | 'tune-encoder', 'tune-unet' | TunedBaseline>,
): Promise<void> {
  const { config, inputs, seed, signal, scratch, output } = context;
  const { samplesPerPrompt, blends } = config;
  const prompts = await firstPrompts(inputs.shard, 'validation', config.prompts);
  const all = await readTuned(inputs['tune-encoder'], inputs['tune-unet']);
  const tuned = config.unets === false ? { ...all, unets: [] } : all;
  const baselines = await baselineCandidates(inputs, blends);
  const pictures = prompts.length * samplesPerPrompt;
  const withUnet = tuned.unets.length > 0 || inputs['ddpo-unet'] !== undefined;
  const { pipeline, generator, judge } = await setUp(config, seed, pictures, withUnet);
  const original = generator.embed(pipeline.weights.textEncoder, prompts, config.model);
  const arms = new Arms(pipeline, generator);

  const offer = (offered: readonly Candidate[], of = ''): Offered[] =>
    offered.map(({ step, encoder, blend, unetStep, unet }) => {
      const arm = `${of}${nameOf({ step, blend, unetStep })}`;
      return { step, blend, unetStep, arm, source: arms.tuned(arm, encoder, blend, unet) };
    });
  const own = offer(candidates(tuned, blends));
  const others = Object.entries(baselines).map(([name, offered]) => [name, offer(offered, `${name}, `)] as const);
  const blended = [...own, ...others.flatMap(([, offered]) => offered)];

  // Files are exported after the choice; until then it is counted as if a tuned encoder were chosen.
  const exports = config.finalists * new Set(blends.filter((blend) => blend > 0)).size;
  const total = (1 + blended.length + exports) * pictures;
  const { progress } = context;
  const scorer = new SourceScorer({ generator, judge, samplesPerPrompt, signal, total, progress, scratch });
  const score = (sources: readonly ArmSource[], journal: string) =>
    scorer.score({ prompts, original, sources, journal });
  const trained = config.rewards.map(({ name }) => name);
  const choose = (scores: ArmScores, offered: readonly CandidateArm[]) =>
    chooseCandidate(scores, offered, config.chooseBy, trained);

  const scores = await score([base, ...blended.map(({ source }) => source)], 'scores.jsonl');
  const ranked = choose(scores, own);
  const finalists = bestNetworks(ranked, config.finalists);
  const chosenOthers = Object.fromEntries(others.map(([name, offered]) => [name, choose(scores, offered)] as const));

  const folderOf = (candidate: Pick<CandidateArm, 'step' | 'blend' | 'unetStep'>) =>
    join(scratch, 'exported', nameOf(candidate));
  const offeredFiles: Offered[] = [];
  for (const { step, encoder, blend, unetStep, unet } of exportCandidates(tuned, finalists, blends)) {
    const arm = `exported, ${nameOf({ step, blend, unetStep })}`;
    const folder = folderOf({ step, blend, unetStep });
    await writeExportedEncoder(folder, pipeline, encoder, blend);
    offeredFiles.push({ step, blend, unetStep, arm, source: arms.inPlace(arm, folder, unet) });
  }
  const sources = offeredFiles.map(({ source }) => source);
  const inPlace = sources.length > 0 ? await score(sources, 'scores-exported.jsonl') : {};
  const exported = choose({ base: scores['base']!, ...inPlace }, offeredFiles);
  if (exported.chosen.step > 0) await cp(folderOf(exported.chosen), exportedEncoder(output), { recursive: true });

  // One network for both: the exported one is listed with its result in the last steps.
  const chosen = finalists.find((finalist) => isSameNetwork(finalist, exported.chosen)) ?? ranked.chosen;
  const sweep: Sweep = { ...ranked, chosen, exported, ...(others.length > 0 ? { baselines: chosenOthers } : {}) };
  await writeResult(SWEEP, output, sweep);
}

const nameOf = ({ step, blend, unetStep }: Pick<CandidateArm, 'step' | 'blend' | 'unetStep'>): string =>
  `step ${step}, blend ${blend}${unetStep === undefined ? '' : `, UNet of step ${unetStep}`}`;
