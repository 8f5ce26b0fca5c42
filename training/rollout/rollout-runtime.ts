import { join } from 'node:path';
import type { OnnxTensor } from '../../engine/onnx/session.ts';
import { tf } from '../../engine/tensorflow.ts';
import { Diffusion } from '../../models/diffusion.ts';
import type { LoadedPipeline } from '../../models/folder/pipeline-folder.ts';
import type { SamplerSettings } from '../../models/sampling/sampler-settings.ts';
import { sampleOneStep, stepNumbers } from '../../models/sampling/one-step.ts';
import { solverPlan } from '../../models/sampling/solver.ts';
import { PipelineProgram } from '../../models/pipeline-program.ts';

/** Computes the first T - K denoising steps with the pipeline's own text encoder. */
export interface RolloutRuntime {
  /**
   * @param prompts a full batch
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
  const generator = new PipelineProgram(pipeline, { batch, height: side, width: side, guidance: sampler.guidance });
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
 * Runs the steps in ONNX Runtime on the CPU, so that a process that only denoises needs no TensorFlow graph.
 * @param folder receives the models, which stay there
 * @param threads 0 for one per core
 */
export async function onnxRuntime(
  pipeline: LoadedPipeline,
  sampler: SamplerSettings,
  batch: number,
  folder: string,
  threads: number,
): Promise<RolloutRuntime> {
  const { OnnxSession } = await import('../../engine/onnx/session.ts');
  const { exportOnnx } = await import('../../engine/onnx/export.ts');
  const { writeModel } = await import('../../engine/onnx/onnx-format.ts');
  const { config, weights, tokenizer } = pipeline;
  const { sample_size: side, in_channels: channels } = config.unet;
  const diffusion = new Diffusion(pipeline, { batch, height: side, width: side, guidance: sampler.guidance });
  const open = async (name: string, graph: Parameters<typeof writeModel>[1]) => {
    const [path] = await writeModel(join(folder, name, 'model.onnx'), graph);
    return OnnxSession.load(path!, { threads });
  };

  const encoder = exportOnnx({
    name: 'encode',
    source: `${pipeline.folder}/text_encoder`,
    weights: weights.textEncoder,
    inputs: { ids: diffusion.ids },
    build: ({ ids }, p) => ({ ...diffusion.encode(p, ids) }),
  });
  const step = exportOnnx({
    name: 'denoise',
    source: `${pipeline.folder}/unet`,
    weights: weights.unet,
    inputs: diffusion.stepInputs,
    build: (inputs, p) => ({ next: diffusion.step(p, inputs) }),
  });
  const [encode, denoise] = [await open('encode', encoder), await open('denoise', step)];
  const numbers = stepNumbers(solverPlan('ddim', config.scheduler, sampler.steps));

  return {
    async denoise(prompts, noise) {
      const conditioning = await encode.run({
        ids: { shape: diffusion.ids.shape, data: tokenizer.batch([...prompts, '']) },
      });
      const start: OnnxTensor = { shape: [batch, side, side, channels], data: noise };
      const first = numbers.slice(0, sampler.steps - sampler.gradientSteps);
      const z = await sampleOneStep(Promise.resolve(start), first, async (z, [...step]) => {
        const inputs = { z: await z, step: { shape: [3], data: Float32Array.from(step) }, ...conditioning };
        return (await denoise.run(inputs))['next']!;
      });
      return z.data as Float32Array;
    },
    async dispose() {
      await encode.dispose();
      await denoise.dispose();
    },
  };
}
