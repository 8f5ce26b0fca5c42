import { tf } from '../../engine/tensorflow.ts';
import { InputError } from '../../common/errors.ts';
import { readResult } from '../../common/files/result-file.ts';
import { loadPipeline } from '../../models/folder/pipeline-folder.ts';
import { Arms } from '../arms/arms.ts';
import { readTuned } from '../arms/candidates.ts';
import { evaluatedArms, needsSecondUnet, type ArmInputs, type ArmsConfig } from '../arms/evaluated-arms.ts';
import { firstPrompts, type JudgingConfig } from '../comparison/setup.ts';
import { PictureGenerator, type Arm, type Prompt } from '../pictures/picture-generator.ts';
import { SWEEP } from '../results.ts';
import { drawPairs, type DrawnPair } from './draw-pairs.ts';

/** What an evaluation was made from: its settings, its artifacts by stage, the run's seed. */
export interface EvaluationSource {
  config: Pick<JudgingConfig, 'model' | 'sampler'> & ArmsConfig & { prompts: number };
  inputs: ArmInputs & Readonly<Record<'shard', string>>;
  seed: number;
}

/** Which pairs to make. */
export interface PairChoice {
  arms: readonly [string, string];
  count: number;
  /** Draws the prompts and the sides. */
  seed: number;
}

/** Pairs with their pictures. */
export interface PicturedPairs {
  /** Height and width of a picture, in pixels. */
  size: number;
  pairs: (DrawnPair & { pictures: readonly [A: Float32Array, B: Float32Array] })[];
}

/**
 * Makes pairs of an evaluation's pictures again, exactly as it made them: first sample of a test prompt, same start noise.
 * @param progress called with the number of pictures done
 * @throws InputError for an arm that the evaluation does not have, for more pairs than prompts, and for two arms that make
 *   the same pictures
 */
export async function makePairs(
  { config, inputs, seed }: EvaluationSource,
  choice: PairChoice,
  progress: (done: number, total: number) => void,
): Promise<PicturedPairs> {
  const test = await firstPrompts(inputs.shard, 'test', config.prompts);
  if (choice.count > test.length)
    throw new InputError(
      `--count is ${choice.count}, and the run compared its arms on ${test.length} prompts (evaluate.prompts is ${config.prompts}); at most ${test.length} pairs can be drawn.`,
    );
  const sweep = await readResult(SWEEP, inputs.sweep);
  const tuned = await readTuned(inputs['tune-encoder'], inputs['tune-unet']);
  const pipeline = await loadPipeline(config.model);
  const secondUnet = needsSecondUnet(config, inputs, tuned);
  const generator = new PictureGenerator(pipeline, config.sampler, seed, choice.count, undefined, secondUnet);
  const sources = await evaluatedArms(config, inputs, new Arms(pipeline, generator), tuned, sweep);
  const chosen = choice.arms.map((name) => sourceNamed(sources, name));
  const pairs = drawPairs(test, choice.arms, choice.count, choice.seed);
  const original = generator.embed(pipeline.weights.textEncoder, pairs, config.model);
  const pictures = new Map<string, Float32Array[]>();
  for (const [i, source] of chosen.entries()) {
    const arm = await source.of({ prompts: pairs, original });
    const base: Arm = { name: 'base', terms: [{ embeddings: original, weight: 1 }] };
    const report = (done: number) => progress(i * pairs.length + done, 2 * pairs.length);
    pictures.set(source.name, pictureEach(generator, pairs, arm, base, report));
  }
  generator.dispose();
  const [first, second] = choice.arms.map((name) => pictures.get(name)!) as [Float32Array[], Float32Array[]];
  if (first.every((picture, i) => picture.every((value, k) => value === second[i]![k])))
    throw new InputError(
      `The arms ${choice.arms.join(' and ')} make the same pictures: one of them uses the other's networks. Choose other arms with --arms.`,
    );
  return {
    size: generator.size,
    pairs: pairs.map((pair, i) => ({ ...pair, pictures: [pictures.get(pair.A)![i]!, pictures.get(pair.B)![i]!] })),
  };
}

function sourceNamed<Source extends { name: string }>(sources: readonly Source[], name: string): Source {
  const source = sources.find((each) => each.name === name);
  if (source) return source;
  throw new InputError(
    `The run has no arm "${name}"; its arms are ${sources.map((each) => each.name).join(', ')}. Choose two with --arms.`,
  );
}

/** Makes the first sample of every prompt under an arm. -> [size, size, 3] in [0, 1] each */
function pictureEach(
  generator: PictureGenerator,
  prompts: readonly Prompt[],
  arm: Arm,
  base: Arm,
  progress: (done: number) => void,
): Float32Array[] {
  const length = generator.size ** 2 * 3;
  const before = arm.fromStart ? arm : base;
  const made: Float32Array[] = [];
  for (let first = 0; first < prompts.length; first += generator.batch) {
    const items = prompts.slice(first, first + generator.batch).map((_, i) => ({ prompt: first + i, sample: 0 }));
    const latents = generator.firstSteps(prompts, items, before);
    const pixels = generator.lastSteps(latents, items, arm, before);
    tf.dispose(latents);
    made.push(...items.map((_, i) => pixels.slice(i * length, (i + 1) * length)));
    progress(made.length);
  }
  return made;
}
