import { join } from 'node:path';
import type { OnnxTensor } from '../engine/onnx/session.ts';
import { tf, type Tensor } from '../engine/tensorflow.ts';
import { clipText } from '../models/clip/clip-text.ts';
import type { LoadedPipeline } from '../models/folder/pipeline-folder.ts';
import { guidedStep, STEP_NUMBERS, type SamplerSettings } from '../models/sampler.ts';
import { DdimScheduler } from '../models/scheduler/ddim.ts';
import { TextToImage } from '../models/text-to-image.ts';

/** Does the first T - K denoising steps, under the pipeline's own text encoder. */
export interface RolloutRuntime {
  /**
   * @param prompts as many as the batch holds
   * @param noise z_T [batch, h, w, C]
   * @returns z after T - K steps, in the same layout
   */
  denoise(prompts: readonly string[], noise: Float32Array): Promise<Float32Array>;
  dispose(): Promise<void>;
}

export const tensorflowRuntime = (
  pipeline: LoadedPipeline,
  sampler: SamplerSettings,
  batch: number,
): RolloutRuntime => {
  const { sample_size: side, in_channels: channels } = pipeline.config.unet;
  const generator = new TextToImage(pipeline, { batch, height: side, width: side, guidance: sampler.guidance });
  return {
    async denoise(prompts, noise) {
      const start = tf.tensor4d(noise, [batch, side, side, channels]);
      const conditioning = generator.encode(prompts, '', pipeline.weights.textEncoder, pipeline.folder);
      const until = sampler.steps - sampler.gradientSteps;
      const z = generator.denoise(start, sampler.steps, () => conditioning, { until });
      const values = z.dataSync() as Float32Array;
      tf.dispose([start, z, ...Object.values(conditioning)]);
      return values;
    },
    async dispose() {
      generator.dispose();
    },
  };
};

/**
 * The same in ONNX Runtime, on the CPU: a process that only denoises need not hold a TensorFlow graph.
 * @param folder for the models, which stay there
 * @param threads 0 for one a core
 */
export async function onnxRuntime(
  pipeline: LoadedPipeline,
  sampler: SamplerSettings,
  batch: number,
  folder: string,
  threads: number,
): Promise<RolloutRuntime> {
  const { OnnxSession } = await import('../engine/onnx/session.ts');
  const { exportOnnx } = await import('../engine/onnx/export.ts');
  const { writeModel } = await import('../engine/onnx/onnx-format.ts');
  const { config, weights, tokenizer } = pipeline;
  const { sample_size: side, in_channels: channels } = config.unet;
  const [length, width] = [tokenizer.modelMaxLength, config.textEncoder.hidden_size];
  const float = (...shape: number[]) => ({ shape, dtype: 'float32' as const });
  const open = async (name: string, graph: Parameters<typeof writeModel>[1]) => {
    const [path] = await writeModel(join(folder, name, 'model.onnx'), graph);
    return OnnxSession.load(path!, { threads });
  };

  const ids = { shape: [batch + 1, length], dtype: 'int32' as const };
  const encoder = exportOnnx({
    name: 'encode',
    source: `${pipeline.folder}/text_encoder`,
    weights: weights.textEncoder,
    inputs: { ids },
    build: ({ ids }, p) => {
      const [condition, unconditional] = tf.split(clipText(p, config.textEncoder, ids).hidden, [batch, 1]) as [
        Tensor,
        Tensor,
      ];
      return { condition, unconditional };
    },
  });
  const step = exportOnnx({
    name: 'denoise',
    source: `${pipeline.folder}/unet`,
    weights: weights.unet,
    inputs: {
      z: float(batch, side, side, channels),
      step: STEP_NUMBERS,
      condition: float(batch, length, width),
      unconditional: float(1, length, width),
    },
    build: (inputs, p) => ({ next: guidedStep(p, config.unet, sampler.guidance, inputs) }),
  });
  const [encode, denoise] = [await open('encode', encoder), await open('denoise', step)];
  const scheduler = new DdimScheduler(config.scheduler);

  return {
    async denoise(prompts, noise) {
      const tokens = [...prompts, ''].flatMap((prompt) => [...tokenizer.pad(tokenizer.encode(prompt), length)]);
      const conditioning = await encode.run({ ids: { shape: ids.shape, data: Int32Array.from(tokens) } });
      let z: OnnxTensor = { shape: [batch, side, side, channels], data: noise };
      for (const t of scheduler.timesteps(sampler.steps).slice(0, sampler.steps - sampler.gradientSteps)) {
        const { a, b } = scheduler.step(t, sampler.steps);
        z = (await denoise.run({ z, step: { shape: [3], data: Float32Array.of(t, a, b) }, ...conditioning }))['next']!;
      }
      return z.data as Float32Array;
    },
    async dispose() {
      await encode.dispose();
      await denoise.dispose();
    },
  };
}
