import { describe, expect, it } from 'vitest';
import { InputError } from '../../common/errors.ts';
import { vectorJacobianProduct } from '../../engine/vector-jacobian.ts';
import { tf, type Tensor } from '../../engine/tensorflow.ts';
import { parseConfig } from '../../models/folder/network-config.ts';
import { unetSchema } from '../../models/unet/unet-config.ts';
import { unet2dCondition, type UnetInputs } from '../../models/unet/unet.ts';
import { expectAgreement, expectParameterGradients, parametersOf, readGolden, tensorOf } from './golden.ts';

async function readUnet(name: string) {
  const { json, path, weights, golden } = await readGolden(name);
  const sample = tensorOf(golden, 'in.sample');
  const inputs = { sample, timestep: tensorOf(golden, 'in.timestep'), context: tensorOf(golden, 'in.context') };
  return { config: parseConfig(unetSchema, json, path), weights, golden, inputs };
}

describe('UNet2DConditionModel', () => {
  it.each(['unet-stable-diffusion', 'unet-variant'])(
    '%s computes what diffusers computes, from every tensor of the file',
    async (name) => {
      const { config, weights, golden, inputs } = await readUnet(name);
      const parameters = parametersOf(weights);
      expectAgreement(unet2dCondition(parameters, config, inputs), golden, 'out.sample', 1e-4);
      expect([...parameters.used.keys()].sort()).toEqual([...weights.keys()].sort());
    },
  );

  it("has torch's gradients by its inputs and by every parameter", async () => {
    const { config, weights, golden, inputs } = await readUnet('unet-stable-diffusion');
    const parameters = parametersOf(weights);
    const { gradients } = vectorJacobianProduct(
      () => unet2dCondition(parameters, config, inputs),
      () => [inputs.sample, inputs.context, ...parameters.used.values()],
      tensorOf(golden, 'in.dout.sample'),
    );
    expectAgreement(gradients[0]!, golden, 'grad.in.sample', 1e-3);
    expectAgreement(gradients[1]!, golden, 'grad.in.context', 1e-3);
    expectParameterGradients(parameters, weights, gradients.slice(2), golden, 1e-3);
  });

  it('predicts for a latent under several prompts what it predicts under each, with the sum of the gradients', async () => {
    const { config, weights, inputs } = await readUnet('unet-stable-diffusion');
    const { sample, timestep, context } = inputs;
    const gradientsOf = (given: UnetInputs, leaves: () => Tensor[]) => {
      const dy = tf.linspace(-1, 1, 2 * sample.size).reshape([2 * sample.shape[0]!, ...sample.shape.slice(1)]);
      const { value, gradients } = vectorJacobianProduct(
        () => unet2dCondition(parametersOf(weights), config, given),
        leaves,
        dy,
      );
      return [value, ...gradients].map((t) => t.dataSync() as Float32Array);
    };
    const prompts = tf.concat([context, context.mul(-0.5)], 0);
    const at = timestep.slice([0], [1]);
    const shared = gradientsOf({ sample, timestep: at, context: prompts }, () => [sample, prompts]);
    const [twice, times] = [tf.concat([sample, sample], 0), at.tile([2 * sample.shape[0]!])];
    const apart = gradientsOf({ sample: twice, timestep: times, context: prompts }, () => [twice, prompts]);
    const half = sample.size;
    apart[1] = apart[1]!.slice(0, half).map((x, i) => x + apart[1]![half + i]!);
    for (const [i, values] of shared.entries()) {
      const scale = Math.max(...apart[i]!.map(Math.abs));
      values.forEach((value, k) => expect(Math.abs(value - apart[i]![k]!)).toBeLessThanOrEqual(1e-5 * scale));
    }
  });

  it('names a missing tensor, and one of another shape with both shapes', async () => {
    const { config, weights, inputs } = await readUnet('unet-stable-diffusion');
    const name = 'mid_block.attentions.0.proj_in.weight';
    const tensor = weights.get(name)!;
    const run = () => unet2dCondition(parametersOf(weights), config, inputs);
    weights.set(name, { ...tensor, shape: [16, 16] });
    expect(run).toThrow(`Tensor ${name} in the golden file has shape [16, 16]; expected [16, 16, 1, 1].`);
    weights.delete(name);
    expect(run).toThrow(InputError);
    expect(run).toThrow(`Tensor ${name} is missing from the golden file; expected shape [16, 16, 1, 1].`);
  });

  it.each([
    [{ class_embed_type: 'timestep' }, /class_embed_type is "timestep": only null is supported/],
    [
      { down_block_types: ['AttnDownBlock2D', 'DownBlock2D'] },
      /down_block_types.0 is "AttnDownBlock2D": expected CrossAttnDownBlock2D or DownBlock2D/,
    ],
    [
      { layers_per_block: [1, 2, 3] },
      /layers_per_block is \[1, 2, 3\]: expected one entry for each of 2 block_out_channels/,
    ],
    [{ norm_num_groups: 5 }, /norm_num_groups is 5: it must divide 8/],
    [{ attention_head_dim: [4, 3] }, /attention_head_dim is \[4, 3\]: the number of heads must divide 16/],
    [{ _class_name: 'UNet3DConditionModel' }, /_class_name is "UNet3DConditionModel"/],
    [{ sample_size: null }, /sample_size is null: expected a positive integer/],
  ])('refuses a configuration with %j', async (change, message) => {
    const { json } = await readGolden('unet-stable-diffusion');
    const parse = () => parseConfig(unetSchema, { ...json, ...change }, 'unet/config.json');
    expect(parse).toThrow(InputError);
    expect(parse).toThrow(message);
  });
});
