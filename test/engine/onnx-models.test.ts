import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RandomStream } from '../../common/random.ts';
import { OnnxSession, type OnnxTensor } from '../../engine/onnx/session.ts';
import { Program, float32, int32, type Tensors } from '../../engine/program.ts';
import { tf, type Tensor } from '../../engine/tensorflow.ts';
import { clipText } from '../../models/clip/text.ts';
import { textEncoderOnnx, unetOnnx, vaeDecoderOnnx } from '../../models/onnx.ts';
import type { LoadedPipeline } from '../../models/pipeline.ts';
import { unet2dCondition } from '../../models/unet/unet.ts';
import { vaeDecode } from '../../models/vae/vae.ts';
import { smallPipeline } from '../evaluation/small-pipeline.ts';

const folder = mkdtempSync(join(tmpdir(), 'textcraftor-onnx-'));
let pipeline: LoadedPipeline;
beforeAll(async () => (pipeline = await smallPipeline(folder)));
afterAll(() => rmSync(folder, { recursive: true }));

const random = (name: string, ...shape: number[]): Tensor =>
  tf.tensor(Float32Array.from(new RandomStream(4, name).normal(shape.reduce((a, b) => a * b, 1))), shape);
const channelsFirst = (x: Tensor) => x.transpose([0, 3, 1, 2]);
const feed = (x: Tensor): OnnxTensor => ({ shape: x.shape, data: x.dataSync() as Float32Array });

async function inOnnxRuntime(model: Uint8Array, inputs: Tensors): Promise<Tensors> {
  const session = await OnnxSession.load(model, { threads: 1 });
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

/** Token sequences with their begin and end. */
const ids = tf.tensor2d([[680, 5, 17, 301, 681, ...Array<number>(11).fill(681)], [680, 9, 681, ...Array<number>(13).fill(681)]], [2, 16], 'int32'); // prettier-ignore

describe('a pipeline in ONNX Runtime', () => {
  it('encodes prompts as the program does', async () => {
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

  it('predicts noise as the program does, with one timestep or one a row', async () => {
    const inputs = {
      sample: random('sample', 2, 8, 8, 4),
      timestep: tf.tensor1d([981, 981]),
      context: random('context', 2, 16, 8),
    };
    const program = new Program();
    const specs = { sample: float32(2, 8, 8, 4), timestep: float32(2), context: float32(2, 16, 8) };
    program.entry('predict', specs, (inputs, scope) => ({
      noise: unet2dCondition(scope.parameters('unet'), pipeline.config.unet, inputs),
    }));
    program.compile();
    program.load('unet', pipeline.weights.unet);
    const { noise } = program.run('predict', inputs);
    const model = unetOnnx(pipeline, { source: 'small' });
    for (const timestep of [inputs.timestep, tf.tensor1d([981])]) {
      const feeds = { sample: channelsFirst(inputs.sample), timestep, encoder_hidden_states: inputs.context };
      expectClose((await inOnnxRuntime(model, feeds))['out_sample']!, channelsFirst(noise!));
    }
    program.dispose();
  });

  it('decodes latents as the program does', async () => {
    const z = random('latents', 3, 8, 8, 4);
    const program = new Program();
    program.entry('decode', { z: float32(3, 8, 8, 4) }, ({ z }, scope) => ({
      image: vaeDecode(scope.parameters('vae'), pipeline.config.vae, z),
    }));
    program.compile();
    program.load('vae', pipeline.weights.vae);
    const { image } = program.run('decode', { z });
    const { sample } = await inOnnxRuntime(vaeDecoderOnnx(pipeline, { source: 'small' }), {
      latent_sample: channelsFirst(z),
    });
    expectClose(sample!, channelsFirst(image!));
    program.dispose();
  });
});
