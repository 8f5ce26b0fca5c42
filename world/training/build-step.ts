import { mkdir } from 'node:fs/promises';
import { sha256File } from '../../common/files.ts';
import { readSealed, writeSealed } from '../../common/files/sealed.ts';
import { writeWeights } from '../../engine/weights/weights.ts';
import { ClipTokenizer } from '../../models/clip/tokenizer/tokenizer.ts';
import { writePictureSet } from './data/picture-set.ts';
import { PictureSteps } from './picture-steps.ts';
import { DATA_STEPS, imageShape, type DataStep, type WorldStep } from './recipes/recipe.ts';
import { stepFile, stepRecord, type WorldBuild } from './step-files.ts';
import { TrainingSteps } from './training-steps.ts';

/** Runs one step of the build unless its file exists intact. */
export async function buildWorldStep<S>(step: WorldStep, build: WorldBuild<S>): Promise<void> {
  const file = stepFile(build.work, step);
  const record = stepRecord(build.work, step);
  if (await isMade(file, record)) return;
  await mkdir(build.work, { recursive: true });
  const started = Date.now();
  if (isDataStep(step))
    await writePictureSet<unknown>(file, await new PictureSteps(build)[step](), imageShape(build.world.recipe));
  else
    await writeWeights(file, await new TrainingSteps(step, build, await ClipTokenizer.load(build.tokenizer))[step]());
  await writeSealed(record, { sha256: await sha256File(file) });
  build.log(`${step} done in ${((Date.now() - started) / 1000).toFixed(0)} s`);
}

const isDataStep = (step: WorldStep): step is DataStep => (DATA_STEPS as readonly WorldStep[]).includes(step);

/** Returns whether a file is intact. @param record file with its digest when it was written */
async function isMade(file: string, record: string): Promise<boolean> {
  try {
    return (await readSealed<{ sha256: string }>(record)).sha256 === (await sha256File(file));
  } catch {
    return false;
  }
}
