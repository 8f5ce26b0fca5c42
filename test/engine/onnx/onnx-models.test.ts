import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { product } from '../../../common/product.ts';
import { RandomStream } from '../../../common/random.ts';
import { encodeModel, type OnnxGraph } from '../../../engine/onnx/onnx-format.ts';
import { OnnxSession, type OnnxTensor } from '../../../engine/onnx/session.ts';
import { Program, int32, type Tensors } from '../../../engine/program/program.ts';
import { tf, type Tensor } from '../../../engine/tensorflow.ts';
import { WeightParameters } from '../../setup/weight-parameters.ts';
import { type Weights } from '../../../engine/weights/weights.ts';
import { clipText } from '../../../models/clip/clip-text.ts';
import { textEncoderOnnx, unetOnnx, vaeDecoderOnnx, vaeEncoderOnnx } from '../../../models/onnx-networks.ts';
import { loadPipeline, type LoadedPipeline } from '../../../models/folder/pipeline-folder.ts';
import { unet2dCondition } from '../../../models/unet/unet.ts';
import { vaeDecode, vaeEncode } from '../../../models/vae/vae.ts';
import { smallPipeline } from '../../evaluation/small-pipeline.ts';
import { goldenPath } from '../../models/golden.ts';

const folder = mkdtempSync(join(tmpdir(), 'textcraftor-onnx-'));
let pipeline: LoadedPipeline;
beforeAll(async () => (pipeline = await smallPipeline(folder)));
afterAll(() => rmSync(folder, { recursive: true }));

const random = (name: string, ...shape: number[]): Tensor =>
  tf.tensor(Float32Array.from(new RandomStream(4, name).normal(product(shape))), shape);
const channelsFirst = (x: Tensor) => x.transpose([0, 3, 1, 2]);
const eager = (weights: Weights) => new WeightParameters(weights, 'small');
const feed = (x: Tensor): OnnxTensor => ({ shape: x.shape, data: x.dataSync() as Float32Array });

async function inOnnxRuntime(model: OnnxGraph, inputs: Tensors): Promise<Tensors> {
  const session = await OnnxSession.load(encodeModel(model), { threads: 1 });
  const outputs = await session.run(Object.fromEntries(Object.entries(inputs).map(([name, x]) => [name, feed(x)])));
  await session.dispose();
  return Object.fromEntries(
    Object.entries(outputs).map(([name, { shape, data }]) => [name, tf.tensor(data, [...shape])]),
  );
}

function expectClose(actual: Tensor, expected: Tensor): void {
  expect(actual.shape).toEqual(expected.shape);
  const largest = (x: Tensor) => x.abs().max().dataSync()[0]!;
  expect(largest(actual.sub(expected)) / largest(expected)).toBeLessThan(1e-5);
}

/** Token sequences with start and end token. */
const ids = tf.tensor2d(
  [
    [680, 5, 17, 301, 681, ...Array<number>(11).fill(681)],
    [680, 9, 681, ...Array<number>(13).fill(681)],
  ],
  [2, 16],
  'int32',
);

describe('a pipeline in ONNX Runtime', () => {
  it('encodes prompts as a program does', async () => {
    const program = new Program();
    program.entry('encode', { ids: int32(2, 16) }, ({ ids }, scope) => {
      const { hidden, pooled } = clipText(scope.parameters('text'), pipeline.config.textEncoder, ids);
      return { hidden, pooled };
    });
    program.compile();
    program.load('text', pipeline.weights.textEncoder);
    const expected = program.run('encode', { ids });
    const actual = await inOnnxRuntime(textEncoderOnnx(pipeline, { source: 'small' }), { input_ids: ids });
    expectClose(actual['last_hidden_state']!, expected['hidden']!);
    expectClose(actual['pooler_output']!, expected['pooled']!);
    program.dispose();
  });

  it('predicts noise as TensorFlow does, with one timestep or one per row', async () => {
    const sample = random('sample', 2, 8, 8, 4);
    const context = random('context', 2, 16, 8);
    const { unet } = pipeline.config;
    const expected = channelsFirst(
      unet2dCondition(eager(pipeline.weights.unet), unet, { sample, timestep: tf.tensor1d([981, 981]), context }),
    );
    const model = unetOnnx(pipeline, { source: 'small' });
    for (const timestep of [tf.tensor1d([981, 981]), tf.tensor1d([981])]) {
      const inputs = { sample: channelsFirst(sample), timestep, encoder_hidden_states: context };
      expectClose((await inOnnxRuntime(model, inputs))['out_sample']!, expected);
    }
  });

  it('decodes latents as TensorFlow does', async () => {
    const z = random('latents', 3, 8, 8, 4);
    const expected = channelsFirst(vaeDecode(eager(pipeline.weights.vae), pipeline.config.vae, z));
    const model = vaeDecoderOnnx(pipeline, { source: 'small' });
    expectClose((await inOnnxRuntime(model, { latent_sample: channelsFirst(z) }))['sample']!, expected);
  });

  it('encodes pictures as TensorFlow does, to the mean', async () => {
    const golden = await loadPipeline(goldenPath('pipeline'));
    const pictures = random('pictures', 2, 16, 16, 3);
    const { mean } = vaeEncode(eager(golden.weights.vae), golden.config.vae, pictures);
    const model = vaeEncoderOnnx(golden, { source: 'golden' });
    expectClose(
      (await inOnnxRuntime(model, { sample: channelsFirst(pictures) }))['latent_sample']!,
      channelsFirst(mean),
    );
  });
});
