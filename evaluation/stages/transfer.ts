import { join } from 'node:path';
import { writeFileAtomic } from '../../common/files.ts';
import { Bootstraps } from '../../common/statistics.ts';
import { withUnet } from '../../models/folder/other-unet.ts';
import type { StageContext } from '../../pipeline/stage.ts';
import { EXPORTED } from '../arms/arm-names.ts';
import { exportedEncoder } from '../arms/exported-encoder.ts';
import { Arms, base } from '../arms/arms.ts';
import { runSources } from '../comparison/run-sources.ts';
import { PictureGenerator } from '../pictures/picture-generator.ts';
import { guidesOf, type GuideKind } from '../pictures/guide.ts';
import { type Transfer, SWEEP, pictureFile, TRANSFER } from '../results.ts';
import { firstPrompts, pathAt, setUp, tunedEncoders, type JudgingConfig } from '../comparison/setup.ts';
import { compareAll, listed } from '../comparison/compare-arms.ts';
import { readResult, writeResult } from '../../common/files/result-file.ts';

export interface TransferConfig extends JudgingConfig {
  /** UNets (diffusers folders) that the encoder was not tuned with. */
  unets: { name: string; unet: string; guide: GuideKind }[];
  prompts: number;
  samplesPerPrompt: number;
  /** Number of prompts whose pictures are kept. */
  images: number;
}

/**
 * Compares the chosen encoder, its exported files and the original encoder with UNets that none of them was tuned with, on test
 * prompts and from the same start noise. Writes transfer.json and images/<unet>/<arm>/NNNN.png. Trains and chooses
 * nothing.
 */
export async function run(context: StageContext<TransferConfig, 'shard' | 'tune-encoder' | 'sweep'>): Promise<void> {
  const { config, inputs, seed, signal, output, scratch } = context;
  const { samplesPerPrompt, unets } = config;
  const { chosen, exported } = await readResult(SWEEP, inputs.sweep);
  const prompts = await firstPrompts(inputs.shard, 'test', config.prompts);
  const pictures = prompts.length * samplesPerPrompt;
  const { pipeline, judge, generator: own } = await setUp(config, seed, pictures);
  own.dispose();
  const encoders = await tunedEncoders(inputs['tune-encoder']);
  const path = pathAt(encoders, chosen.step);
  const exportedFolder = exported.chosen.step === 0 ? undefined : exportedEncoder(inputs.sweep);
  const bootstraps = new Bootstraps(seed);
  const results: Transfer[] = [];
  const files: Promise<void>[] = [];
  const total = pictures * 3 * unets.length;
  for (const { name, unet, guide } of unets) {
    const other = await withUnet(pipeline, unet);
    const guides = guidesOf(
      guide,
      other,
      prompts.map(({ prompt }) => prompt),
    );
    const generator = new PictureGenerator(other, config.sampler, seed, pictures, guides);
    const arms = new Arms(other, generator);
    const original = generator.embed(pipeline.weights.textEncoder, prompts, config.model);
    const sources = [base, arms.blend('chosen', path, chosen.blend), arms.inPlace(EXPORTED, exportedFolder, undefined)];
    const before = results.length * pictures * 3;
    const scores = await runSources({
      generator,
      judge,
      prompts,
      samplesPerPrompt,
      original,
      sources,
      signal,
      progress: (done) =>
        context.progress({ step: before + done, total, message: `${name}: ${done} of ${pictures * 3} pictures` }),
      keep: {
        which: ({ prompt, sample }) => prompt < config.images && sample === 0,
        picture(arm, { prompt }, png) {
          const file = join(output, pictureFile(prompt, name, arm));
          files.push(writeFileAtomic(file, png));
        },
      },
      journal: join(scratch, `scores-${name}.jsonl`),
    });
    results.push({ unet: name, scores: listed(scores), comparisons: compareAll(scores, bootstraps) });
    generator.dispose();
  }
  await Promise.all(files);
  await writeResult(TRANSFER, output, results);
}
