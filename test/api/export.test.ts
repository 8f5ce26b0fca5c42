import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exportModel, type ExportOptions } from '../../api/export/export-model.ts';
import { InputError } from '../../common/errors.ts';
import { OnnxSession } from '../../engine/onnx/session.ts';
import { readSafetensors } from '../../engine/weights/safetensors.ts';
import { tf } from '../../engine/tensorflow.ts';
import { WeightParameters } from '../setup/weight-parameters.ts';
import { writeWeights, type Weights } from '../../engine/weights/weights.ts';
import { clipText } from '../../models/clip/clip-text.ts';
import { loadPipeline, type LoadedPipeline } from '../../models/folder/pipeline-folder.ts';
import { tuned } from '../evaluation/small-pipeline.ts';
import { goldenPath } from '../models/golden.ts';

let folder: string;
let pipeline: LoadedPipeline;
let encoder: Weights;
let options: ExportOptions;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'export-'));
  pipeline = await loadPipeline(goldenPath('pipeline'));
  encoder = tuned(pipeline.weights.textEncoder, 0.1);
  const textEncoder = join(folder, 'tuned.safetensors');
  await writeWeights(textEncoder, encoder);
  options = {
    model: pipeline.folder,
    textEncoder,
    blend: 1,
    out: '',
    formats: [],
    dtype: 'float32',
    naming: 'transformers',
    card: '# A card\n',
  };
});
afterAll(() => rm(folder, { recursive: true }));
const out = (name: string) => join(folder, 'out', name);

describe('textcraftor export', () => {
  it('writes a diffusers folder that differs from the model in the encoder only', async () => {
    const { diffusers } = await exportModel({ ...options, out: out('diffusers'), formats: ['diffusers'] });
    const written = await loadPipeline(diffusers!);
    expect(written.weights.textEncoder).toEqual(encoder);
    for (const path of [out('diffusers'), diffusers!])
      expect(await readFile(join(path, 'README.md'), 'utf8')).toBe('# A card\n');
    expect(written.weights.unet).toEqual(pipeline.weights.unet);
    expect(written.weights.vae).toEqual(pipeline.weights.vae);
    const { textEncoder, scheduler, ...others } = pipeline.config;
    expect(written.config).toEqual({
      ...others,
      textEncoder: { ...textEncoder, dtype: 'float32' },
      scheduler: { ...scheduler, source: written.config.scheduler.source },
    });
  });

  it('writes the encoder alone, in float16 and under the names of a single-file checkpoint if it is asked to', async () => {
    const formats = ['text-encoder'] as const;
    const name = 'text_model.final_layer_norm.bias';
    const plain = await readSafetensors(
      (await exportModel({ ...options, out: out('plain'), formats }))['text-encoder']!,
    );
    expect(plain.names).toEqual([...encoder.keys()].sort());
    expect(plain.float32(name)).toEqual(encoder.get(name)!.data);
    const half = { ...options, out: out('half'), formats, dtype: 'float16', naming: 'checkpoint' } as const;
    const other = await readSafetensors((await exportModel(half))['text-encoder']!);
    expect(other.info(`cond_stage_model.transformer.${name}`)).toEqual({ dtype: 'F16', shape: [12] });
    expect(other.names).toHaveLength(encoder.size);
  });

  it('blends the weights with those of the model', async () => {
    const blended = { ...options, out: out('blend'), formats: ['text-encoder'], blend: 0.25 } as const;
    const file = await readSafetensors((await exportModel(blended))['text-encoder']!);
    const name = 'text_model.embeddings.position_embedding.weight';
    const expected = pipeline.weights.textEncoder
      .get(name)!
      .data.map((x, i) => 0.75 * x + 0.25 * encoder.get(name)!.data[i]!);
    expect(file.float32(name)).toEqual(expected);
  });

  it('writes ONNX models of the tuned pipeline, as diffusers lays them out', async () => {
    const { onnx } = await exportModel({ ...options, out: out('onnx'), formats: ['onnx'] });
    expect((await readdir(onnx!)).sort()).toEqual([
      'model_index.json',
      'scheduler',
      'text_encoder',
      'tokenizer',
      'unet',
      'vae_decoder',
      'vae_encoder',
    ]);
    const session = await OnnxSession.load(join(onnx!, 'text_encoder', 'model.onnx'), { threads: 1 });
    const ids = Int32Array.from({ length: 16 }, (_, i) => (i === 0 ? 519 : i < 5 ? 7 * i : 520));
    const outputs = await session.run({ input_ids: { shape: [1, 16], data: ids } });
    const { hidden } = clipText(
      new WeightParameters(encoder, 'tuned'),
      pipeline.config.textEncoder,
      tf.tensor2d(ids, [1, 16], 'int32'),
    );
    const expected = hidden.dataSync() as Float32Array;
    const worst = expected.reduce(
      (most, x, i) => Math.max(most, Math.abs(x - outputs['last_hidden_state']!.data[i]!)),
      0,
    );
    expect(worst).toBeLessThan(1e-4);
    await session.dispose();
  });

  it('writes nothing where the encoder does not fit the model', async () => {
    const name = 'text_model.final_layer_norm.bias';
    const other = join(folder, 'other.safetensors');
    await writeWeights(other, new Map([...encoder, [name, { shape: [7], data: new Float32Array(7) }]]));
    const parent = join(folder, 'nothing');
    await mkdir(parent);
    const attempt = (textEncoder: string) =>
      exportModel({ ...options, textEncoder, out: join(parent, 'x'), formats: ['diffusers'] });
    await expect(attempt(other)).rejects.toThrow(
      `Tensor ${name} in ${other} has shape [7]; expected [12], as in ${pipeline.folder}.`,
    );
    await writeWeights(other, new Map([...encoder].filter(([key]) => key !== name)));
    await expect(attempt(other)).rejects.toThrow(`Tensor ${name} is missing from ${other}; expected [12]`);
    expect(await readdir(parent)).toEqual([]);
  });

  it('leaves nothing behind where it fails on the way', async () => {
    const huge = join(folder, 'huge.safetensors');
    const [name, { shape, data }] = [...encoder][0]!;
    await writeWeights(huge, new Map([...encoder, [name, { shape, data: data.map(() => 1e6) }]]));
    const parent = join(folder, 'failed');
    await mkdir(parent);
    const attempt = exportModel({
      ...options,
      textEncoder: huge,
      out: join(parent, 'x'),
      formats: ['diffusers', 'onnx'],
      dtype: 'float16',
    });
    await expect(attempt).rejects.toThrow(/float16/);
    expect(await readdir(parent)).toEqual([]);
  });

  it('does not touch a folder that has something in it', async () => {
    await mkdir(out('full'), { recursive: true });
    await writeFile(join(out('full'), 'mine.txt'), 'mine');
    await expect(exportModel({ ...options, out: out('full'), formats: ['text-encoder'] })).rejects.toThrow(InputError);
    expect(await readFile(join(out('full'), 'mine.txt'), 'utf8')).toBe('mine');
  });
});
