import { InputError } from '../../common/errors.ts';
import { readBenchmark, type BenchmarkSpec } from '../../datasets/rules/benchmarks.ts';
import { readSplit } from '../../datasets/shards/shards.ts';
import { knownWorld, worldOfSide } from '../../world/known/known-worlds.ts';
import type { CorpusName } from '../../datasets/rules/rule-names.ts';
import type { StageContext } from '../../pipeline/stage.ts';
import type { Prompt } from '../pictures/picture-generator.ts';
import { HELD_OUT, ORACLE } from '../comparison/metrics.ts';
import type { ChooseBy } from '../comparison/choice.ts';
import { chooseSuffix, measurePhrases, type SuffixJudge } from '../arms/phrase-search.ts';
import { rewrite, type RewriterSpec } from '../arms/prompt-rewriter.ts';
import { firstPrompts, setUp, type JudgingConfig } from '../comparison/setup.ts';
import { stylePhrases, withPhrases } from '../arms/style-phrases.ts';
import { type PromptEngineering, PROMPT_ENGINEERING } from '../results.ts';
import { writeResult } from '../../common/files/result-file.ts';

export interface PromptEngineeringConfig extends JudgingConfig {
  /** Prompts whose phrases are counted; a world for captions like those that its base model learned from. */
  corpus: CorpusName;
  corpusPrompts: number;
  /** Least share of these prompts that must contain a phrase. */
  least: number;
  /** Number of most frequent phrases to try, and of training and validation prompts to try them on. */
  phrases: number;
  prompts: number;
  /** Most phrases appended together. */
  longest: number;
  samplesPerPrompt: number;
  /** Metric that chooses the phrases; default: auto. */
  chooseBy?: ChooseBy | undefined;
  rewriter?: RewriterSpec | undefined;
  /** Prompts to rewrite, besides the test prompts. */
  testPrompts: number;
  benchmarks?: BenchmarkSpec[];
}

/** Returns what chooses the phrases. @throws InputError if it is the oracle, and some prompt has none */
function choosing(
  { chooseBy = 'auto', rewards, heldOut }: PromptEngineeringConfig,
  side: number,
  validation: readonly Prompt[],
): SuffixJudge {
  const world = worldOfSide(side);
  const exact = world !== undefined && validation.every(({ prompt }) => world.knows(prompt));
  if (chooseBy === ORACLE && !exact)
    throw new InputError(
      'baselines.promptEngineering.chooseBy is oracle, but not every validation prompt can be judged by the oracle: set it to heldOut or rewards.',
    );
  const metric = chooseBy !== 'auto' ? chooseBy : exact ? ORACLE : heldOut ? HELD_OUT : 'rewards';
  return metric === 'rewards' ? { trained: rewards.map(({ name }) => name) } : { metric };
}

/** Runs the base model under better prompts: with style phrases of the source, and with the user's own rewriter. */
export async function run(context: StageContext<PromptEngineeringConfig, 'shard'>): Promise<void> {
  const { config, inputs, seed, signal, scratch, output } = context;
  const { samplesPerPrompt, corpus: source } = config;
  const training = (
    await readSplit(
      inputs.shard,
      'train',
      Math.max(config.prompts, config.corpus === 'training' ? config.corpusPrompts : 0),
    )
  ).map(({ id, prompt }): Prompt => ({ id, prompt }));
  const corpus =
    source === 'training'
      ? training.map(({ prompt }) => prompt)
      : Array.from({ length: config.corpusPrompts }, (_, i) => knownWorld(source).webCaption(i));
  const found = stylePhrases(corpus, Math.max(2, config.least * corpus.length)).slice(0, config.phrases);
  const validation = await firstPrompts(inputs.shard, 'validation', config.prompts);
  const tried = training.slice(0, config.prompts);
  const { pipeline, generator, judge } = await setUp(config, seed, tried.length * samplesPerPrompt);
  const embed = (prompts: readonly Prompt[]) => generator.embed(pipeline.weights.textEncoder, prompts, config.model);
  const progress = (step: number, total: number) =>
    context.progress({ step, total, message: `${step} of ${total} pictures` });
  const pictures = { generator, judge, samplesPerPrompt, signal, progress };
  const trained = config.rewards.map(({ name }) => name);
  const phrases = found.length === 0 ? [] : await measurePhrases(found, tried, trained, pictures, embed);
  const by = choosing(config, generator.size, validation);
  const { trials, chosen } = await chooseSuffix(phrases, config.longest, validation, by, pictures, embed);

  const asked = new Map(
    (await firstPrompts(inputs.shard, 'test', config.testPrompts)).map(({ id, prompt }) => [id, prompt]),
  );
  for (const spec of config.benchmarks ?? [])
    for (const { id, prompt } of await readBenchmark(spec, scratch)) asked.set(id, prompt);
  const appended = Object.fromEntries([...asked].map(([id, prompt]) => [id, withPhrases(prompt, chosen)]));
  const rewritten: PromptEngineering['rewritten'] = { 'prompt-engineering': appended };
  if (config.rewriter) {
    const texts = await rewrite([...asked.values()], config.rewriter, signal, (step) =>
      context.progress({ step, total: asked.size, message: 'prompts rewritten' }),
    );
    rewritten['rewriter'] = Object.fromEntries([...asked.keys()].map((id, i) => [id, texts[i]!]));
  }
  const result: PromptEngineering = { phrases, trials, chosen, rewritten };
  await writeResult(PROMPT_ENGINEERING, output, result);
}
