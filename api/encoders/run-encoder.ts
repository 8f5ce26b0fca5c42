import { join } from 'node:path';
import { InputError } from '../../common/errors.ts';
import { CHOSEN, EXPORTED } from '../../evaluation/arms/arm-names.ts';
import { exportedEncoder } from '../../evaluation/arms/exported-encoder.ts';
import { SWEEP, COMPARISONS } from '../../evaluation/results.ts';
import { TEXT_ENCODER_FILE } from '../../models/folder/weight-names.ts';
import type { Config } from '../../pipeline/config/config.ts';
import type { Home } from '../../pipeline/runs/home.ts';
import { RunRecords } from '../../pipeline/runs/runs.ts';
import { ArtifactStore } from '../../pipeline/store/artifact-store.ts';
import { testSampler } from '../../pipeline/config/sections/test-sampler.ts';
import type { JudgedEncoder } from './judged-encoder.ts';
import { artifactFolders, stepPath, unetPath } from '../runs/artifact-folders.ts';
import { type ResultFile, readResult } from '../../common/files/result-file.ts';

/**
 * Reads the encoder that a run chose.
 * @param name its id, or `latest`
 * @throws InputError when the run has not chosen yet, or chose the original encoder; RunError when a file is damaged
 * @example
 * ```ts
 * import { encoderOfRun } from './api/encoders/run-encoder.ts';
 * import { Home } from './pipeline/runs/home.ts';
 *
 * const { chosen } = await encoderOfRun(new Home('.textcraftor'), 'latest');
 * console.log(`step ${chosen.step}, blend ${chosen.blend}: ${chosen.textEncoder}`);
 * ```
 */
export async function encoderOfRun(home: Home, name: string): Promise<JudgedEncoder> {
  const records = new RunRecords(home);
  const run = await records.read(name);
  const config = (await records.config(run.id)) as Config;
  const folders = artifactFolders(home, run);
  const store = new ArtifactStore(home.artifacts);
  const verified = async <T>(file: ResultFile<T>, folder: string) => {
    await store.verifyFiles([join(folder, file.name)]);
    return readResult(file, folder);
  };
  if (folders['sweep'] === undefined)
    throw new InputError(
      `Run ${run.id} has not chosen an encoder yet: its stage sweep is not done. See: textcraftor status ${run.id}`,
    );
  const { chosen, exported } = await verified(SWEEP, folders['sweep']);
  const textEncoder = stepPath(folders['tune-encoder'], chosen.step);
  if (textEncoder === null || chosen.blend === 0)
    throw new InputError(
      `Run ${run.id} chose the original text encoder of ${config.model}; no tuned one was better. To use a checkpoint anyway, give its folder with --text-encoder.`,
    );
  const unet = (step: number | undefined) => {
    const path = unetPath(folders, step);
    return path === null ? {} : { unet: path };
  };
  const { blend: weight, ...exportedChoice } = exported.chosen;
  const evaluation = folders['evaluate'];
  const all = evaluation ? await verified(COMPARISONS, evaluation) : [];
  const networks = [
    textEncoder,
    ...(exportedChoice.step === 0 ? [] : [join(exportedEncoder(folders['sweep']), TEXT_ENCODER_FILE)]),
    ...[chosen, exportedChoice].flatMap(({ unetStep }) => Object.values(unet(unetStep))),
  ];
  await store.verifyFiles([...new Set(networks)]);
  return {
    label: `run ${run.id}`,
    model: config.model,
    chosen: { textEncoder, ...chosen, ...unet(chosen.unetStep) },
    ...(exportedChoice.step === 0
      ? {}
      : {
          exported: {
            textEncoder: join(exportedEncoder(folders['sweep']), TEXT_ENCODER_FILE),
            ...exportedChoice,
            weight,
            ...unet(exportedChoice.unetStep),
          },
        }),
    comparisons: all.filter(({ arm }) => arm === CHOSEN || arm === EXPORTED),
    measured: {
      sampler: testSampler(config),
      samplesPerPrompt: config.evaluate.samplesPerPrompt,
      seed: config.seed,
    },
  };
}
