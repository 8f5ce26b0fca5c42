import type { Config } from './config/config.ts';
import type { StageWork, RunFacts } from './stage.ts';
import { isWorldName, worldTitles } from '../world/scenes/common/world-names.ts';
import { testSampler } from './config/sections/test-sampler.ts';

/**
 * Amount of work of each stage. Work that is not counted (decoding, rewards) grows in proportion, so the measured rate
 * covers it.
 */
type Work = (config: Config, facts: RunFacts) => StageWork | undefined;

/** Cost of forward and backward relative to forward alone. */
const withGradient = 3;

/** Network evaluations per denoising step of a picture; guidance adds one without the prompt. */
const branches = ({ sampler: { guidance } }: Config): number => (guidance > 1 ? 2 : 1);

/** @param evaluations network evaluations per unit */
const work = ({ evaluationCost }: RunFacts, unit: string, count: number, evaluations: number): StageWork | undefined =>
  evaluationCost === undefined ? undefined : { unit, count, cost: evaluations * evaluationCost };

/** Work of stages that read all prompts. */
export const promptWork: Work = ({ prompts }, { promptBytes }) => {
  if (prompts.limit !== undefined) return { unit: 'prompts', count: prompts.limit, cost: 1 };
  if (isWorldName(prompts.source))
    return { unit: `sets of ${worldTitles[prompts.source]}'s prompts`, count: 1, cost: 1 };
  return promptBytes === undefined ? undefined : { unit: 'bytes of prompts', count: promptBytes, cost: 1 };
};

export const rolloutWork: Work = (c, facts) =>
  work(
    facts,
    'samples',
    c.rollout.prompts * c.rollout.samplesPerPrompt,
    branches(c) * Math.max(1, c.sampler.steps - c.sampler.gradientSteps),
  );

export const tuningWork =
  (loop: (config: Config) => { steps: number; batch: number }): Work =>
  (c, facts) => {
    const { steps, batch } = loop(c);
    const { gradientSteps, steps: whole } = c.sampler;
    // The alarm's pictures come in full batches: the base's take all steps, the later ones the last K.
    const pictures = c.alarm ? batch * Math.ceil((c.alarm.prompts * c.alarm.samplesPerPrompt) / batch) : 0;
    const watching = c.alarm ? (pictures * gradientSteps) / c.alarm.every : 0;
    const tuned = work(facts, 'steps', steps, branches(c) * (batch * withGradient * gradientSteps + watching));
    const before = branches(c) * pictures * whole * (facts.evaluationCost ?? 0);
    return tuned && (before > 0 ? { ...tuned, before } : tuned);
  };

/** Work of DDPO: trajectories are sampled once and evaluated again in each epoch. */
export const ddpoWork =
  (key: 'ddpoEncoder' | 'ddpoUnet'): Work =>
  (c, facts) => {
    const { steps, batch, epochs } = c.baselines![key]!;
    return work(facts, 'steps', steps, batch * branches(c) * c.sampler.gradientSteps * (1 + withGradient * epochs));
  };

export const directWork: Work = (c, facts) => {
  const { steps, batch } = c.baselines!.direct!;
  return work(facts, 'steps', steps, batch * withGradient);
};

export const promptEngineeringWork: Work = (c, facts) => {
  const { phrases, longest, prompts, samplesPerPrompt } = c.baselines!.promptEngineering!;
  const arms = 1 + phrases + longest;
  return work(facts, 'pictures', arms * prompts * samplesPerPrompt, branches(c) * c.sampler.steps);
};

const kept = ({ steps, keepEvery }: { steps: number; keepEvery: number }): number => Math.ceil(steps / keepEvery);

export const sweepWork: Work = (c, facts) => {
  const { blends, prompts, samplesPerPrompt, finalists } = c.sweep;
  const weights = new Set(blends.filter((blend) => blend > 0)).size;
  const { ddpoEncoder, ddpoUnet, direct } = c.baselines ?? {};
  const tuneUnet = c.sweep.unets === false ? undefined : c.tuneUnet;
  const blended = [c.tuneEncoder, tuneUnet, ddpoEncoder, direct].reduce(
    (sum, loop) => sum + (loop ? kept(loop) : 0),
    0,
  );
  const arms = { whole: 1 + finalists * weights, last: blended * weights + (ddpoUnet ? kept(ddpoUnet) : 0) };
  return pictures(c, facts, arms, prompts * samplesPerPrompt, c.sampler);
};

/** @param arms number of arms that denoise all steps, and number that denoise only the last K */
function pictures(
  c: Config,
  facts: RunFacts,
  { whole, last }: Record<'whole' | 'last', number>,
  count: number,
  { steps, gradientSteps }: Pick<Config['sampler'], 'steps' | 'gradientSteps'>,
): StageWork | undefined {
  const evaluations = (whole * steps + last * gradientSteps) / (whole + last);
  return work(facts, 'pictures', (whole + last) * count, branches(c) * evaluations);
}

export const evaluateWork: Work = (c, facts) => {
  const { evaluate, benchmarks = [], baselines = {}, champion } = c;
  const networks = c.tuneUnet || c.tuneEncoder.joint ? 2 : 0;
  const { promptEngineering, ...tuned } = baselines;
  // All steps: the base, the exported encoder, the champion's exported encoder, and engineered prompts.
  const whole = 2 + (champion?.exported === undefined ? 0 : 1) + (promptEngineering ? 1 : 0);
  // Last K steps: the tuned encoder, the chosen one, and the rest.
  const last =
    2 +
    evaluate.blends.filter((blend) => blend !== 1).length +
    (evaluate.arms?.length ?? 0) +
    networks +
    Object.keys(tuned).length +
    (champion ? 1 : 0);
  // A benchmark without a limit is assumed to be as large as the test; one with some of the arms, as so much smaller.
  const prompts = benchmarks.reduce(
    (sum, { limit = evaluate.prompts, arms }) => sum + limit * (arms ? (1 + arms.length) / (whole + last) : 1),
    evaluate.prompts,
  );
  return pictures(c, facts, { whole, last }, Math.round(prompts * evaluate.samplesPerPrompt), testSampler(c));
};

export const transferWork: Work = (c, facts) => {
  const { unets, prompts, samplesPerPrompt } = c.transfer!;
  // All steps: the base and the exported encoder; last K steps: the chosen one.
  return pictures(c, facts, { whole: 2, last: 1 }, unets.length * prompts * samplesPerPrompt, c.sampler);
};

export const stylesWork: Work = (c, facts) => {
  const { encoders, weights, mixes, prompts, samplesPerPrompt, grid } = c.styles!;
  const of = encoders.length;
  const asked = prompts * samplesPerPrompt;
  const scored = of * weights.filter((weight) => weight > 0).length + mixes.length;
  // Cells where one encoder or both have a weight; those of one encoder occur in several grids, and are made once.
  const sides = (grid?.steps ?? 1) - 1;
  const cells = of * sides + ((of * (of - 1)) / 2) * sides ** 2;
  const shown = grid ? Math.min(grid.prompts, prompts) : 0;
  // All steps: the base; last K steps: every other picture.
  return pictures(c, facts, { whole: asked + shown, last: scored * asked + cells * shown }, 1, testSampler(c));
};
