import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { fileShape, toFile } from '../../engine/weights/parameters.ts';
import { readSafetensors, type SafetensorsFile } from '../../engine/weights/safetensors.ts';
import { tf, type Tensor } from '../../engine/tensorflow.ts';
import { WeightParameters } from '../setup/weight-parameters.ts';
import { readWeights, type Weights } from '../../engine/weights/weights.ts';
import { canonicalTextNames } from '../../models/folder/tensor-names.ts';
import { loadPipeline } from '../../models/folder/pipeline-folder.ts';
import { loadRewards } from '../../rewards/reward-types.ts';

/** Path of a file that test/golden/make.py wrote. */
export const goldenPath = (name: string): string => fileURLToPath(new URL(`../golden/${name}`, import.meta.url));

export const readGoldenJson = async <T>(name: string): Promise<T> =>
  JSON.parse(await readFile(goldenPath(name), 'utf8')) as T;

/** How pipeline/golden.safetensors was made. */
export interface GoldenPipeline {
  prompts: string[];
  negative: string;
  steps: number;
  guidance: number;
  blend: number;
  blendSteps: number;
}

/** The training step of step/golden.json: the pipeline, its rewards, and the start of the step. */
export async function readGoldenStep() {
  const {
    steps,
    gradSteps: gradientSteps,
    guidance,
  } = await readGoldenJson<{ steps: number; gradSteps: number; guidance: number }>('step/golden.json');
  const clip = { type: 'clip-similarity', model: goldenPath('step/clip') };
  return {
    pipeline: await loadPipeline(goldenPath('step/model')),
    rewards: await loadRewards([
      { ...clip, name: 'clip', weight: 100 },
      { ...clip, name: 'aesthetic', type: 'aesthetic', head: goldenPath('step/head.safetensors'), weight: 1 },
    ]),
    start: {
      sampler: { steps, gradientSteps, guidance },
      prompts: (await readFile(goldenPath('step/prompts.txt'), 'utf8')).trimEnd().split('\n'),
      noise: tensorOf(await readSafetensors(goldenPath('step/latents.safetensors')), 'latents'),
    },
  };
}

/** A network of the golden files: its configuration, weights, and torch's results. */
export async function readGolden(name: string) {
  const weights = await readWeights(goldenPath(`${name}/model.safetensors`));
  return {
    path: goldenPath(`${name}/config.json`),
    json: await readGoldenJson<Record<string, unknown>>(`${name}/config.json`),
    weights: name.startsWith('text') ? canonicalTextNames(weights) : weights,
    golden: await readSafetensors(goldenPath(`${name}/golden.safetensors`)),
  };
}

export const parametersOf = (weights: Weights) => new WeightParameters(weights, 'the golden file');

/** A tensor of the file in the engine's layout: pictures become [B, H, W, C]. */
export function tensorOf(file: SafetensorsFile, name: string): Tensor {
  const { shape, dtype } = file.info(name);
  if (dtype === 'I32') return tf.tensor(new Int32Array(file.data(name).buffer as ArrayBuffer), shape, 'int32');
  const tensor = tf.tensor(file.float32(name), shape);
  return shape.length === 4 ? tensor.transpose([0, 2, 3, 1]) : tensor;
}

/** Largest difference over the largest value, or over `floor` if that is larger. */
function relativeDifference(actual: Float32Array, expected: Float32Array, floor = 0): number {
  let difference = 0;
  let scale = floor;
  expected.forEach((value, i) => {
    const d = Math.abs(value - actual[i]!);
    if (!(d <= difference)) difference = d;
    scale = Math.max(scale, Math.abs(value));
  });
  return difference / scale;
}

/** Expects the tensor to agree with the file's tensor `name`. */
export function expectAgreement(
  actual: Tensor,
  file: SafetensorsFile,
  name: string,
  tolerance: number,
  floor?: number,
): void {
  const torchLayout = actual.shape.length === 4 ? actual.transpose([0, 3, 1, 2]) : actual;
  expect(torchLayout.shape, name).toEqual(file.info(name).shape);
  expect(relativeDifference(torchLayout.dataSync() as Float32Array, file.float32(name), floor), name).toBeLessThan(
    tolerance,
  );
}

/** Every parameter's gradient agrees with the file's `grad.…` of it. */
export function expectParameterGradients(
  parameters: WeightParameters,
  weights: Weights,
  gradients: Tensor[],
  file: SafetensorsFile,
  tolerance: number,
  goldenName = (name: string) => name,
): void {
  const names = [...parameters.used.keys()];
  expect(names.map(goldenName).sort()).toEqual(
    file.names.filter((n) => /^grad\.(?!in\.)/.test(n)).map((n) => n.slice('grad.'.length)),
  );
  const largest = Math.max(
    ...names.map((name) => file.float32(`grad.${goldenName(name)}`).reduce((a, b) => Math.max(a, Math.abs(b)), 0)),
  );
  names.forEach((name, i) => {
    const { shape } = weights.get(name)!;
    const gradient = gradients[i]!;
    const layout = gradient.rank === 4 ? 'conv2d' : isLinear(name, gradient) ? 'linear' : 'same';
    expect(fileShape(gradient.shape, layout), name).toEqual(shape);
    const data = toFile(gradient, layout);
    // Some gradients are zero up to rounding (a key's bias): they are measured against the largest gradient.
    const difference = relativeDifference(data, file.float32(`grad.${goldenName(name)}`), 1e-3 * largest);
    expect(difference, `gradient of ${name}`).toBeLessThan(tolerance);
  });
}

const isLinear = (name: string, gradient: Tensor) =>
  gradient.rank === 2 && !/(token|position)_embedding|net\.0\.proj/.test(name);
