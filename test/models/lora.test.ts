import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../common/errors.ts';
import { readSafetensors } from '../../engine/safetensors.ts';
import type { Tensor } from '../../engine/tensorflow.ts';
import { WeightParameters } from '../../engine/weight-parameters.ts';
import { readWeights, writeWeights, type Weights } from '../../engine/weights.ts';
import { clipText } from '../../models/clip/text.ts';
import { mergeLora } from '../../models/lora.ts';
import { readLora, writeLora } from '../../models/lora-file.ts';
import { loadPipeline } from '../../models/pipeline.ts';
import { unet2dCondition } from '../../models/unet/unet.ts';
import { temporaryFolder } from '../setup/temporary-folder.ts';
import { expectAgreement, goldenPath, tensorOf } from './golden.ts';

const pipeline = await loadPipeline(goldenPath('pipeline'));
const golden = await readSafetensors(goldenPath('lora/golden.safetensors'));
const input = (name: string): Tensor => tensorOf(golden, `in.${name}`);

const unetOutput = (weights: Weights): Tensor =>
  unet2dCondition(new WeightParameters(weights, 'test'), pipeline.config.unet, {
    sample: input('sample'),
    timestep: input('timestep'),
    context: input('context'),
  });

const hidden = (weights: Weights): Tensor =>
  clipText(new WeightParameters(weights, 'test'), pipeline.config.textEncoder, input('ids').toInt()).hidden;

describe('adapters that diffusers made', () => {
  it.each(['diffusers', 'old', 'single'])("change the networks as they do there, under %s' names", async (name) => {
    const path = goldenPath(`lora/${name}.safetensors`);
    const { text_encoder, unet } = await readLora(path);
    expectAgreement(unetOutput(mergeLora(pipeline.weights.unet, unet!, path)), golden, 'out.unet', 1e-4);
    expectAgreement(hidden(mergeLora(pipeline.weights.textEncoder, text_encoder!, path)), golden, 'out.hidden', 1e-4);
  });

  it('are written under the names, in the shapes and with the values that diffusers reads', async () => {
    const path = join(await temporaryFolder(), 'ours.safetensors');
    await writeLora(path, await readLora(goldenPath('lora/diffusers.safetensors')));
    const [ours, theirs] = [await readWeights(path), await readWeights(goldenPath('lora/diffusers.safetensors'))];
    expect([...ours.keys()].sort()).toEqual([...theirs.keys()].sort());
    for (const [name, { shape, data }] of ours) {
      expect(shape, name).toEqual(theirs.get(name)!.shape);
      // Of the UNet, alpha is twice the rank: that is in B, so that a reader who knows of no alpha is right too.
      const factor = name.startsWith('unet.') && name.includes('lora_B') ? 2 : 1;
      expect([...data], name).toEqual([...theirs.get(name)!.data].map((x) => Math.fround(factor * x)));
    }
  });

  it("are not written under single files' names, which diffusers would not find again", async () => {
    const path = join(await temporaryFolder(), 'ours.safetensors');
    await expect(writeLora(path, await readLora(goldenPath('lora/single.safetensors')))).rejects.toThrow(
      /is not the name that its layer has/,
    );
  });
});

describe('a LoRA file that does not fit is one sentence', () => {
  async function refused(change: (weights: Weights) => void, message: RegExp) {
    const path = join(await temporaryFolder(), 'lora.safetensors');
    const weights = await readWeights(goldenPath('lora/diffusers.safetensors'));
    change(weights);
    await writeWeights(path, weights);
    const error: unknown = await readLora(path)
      .then(({ unet }) => mergeLora(pipeline.weights.unet, unet!, path))
      .catch((e: unknown) => e);
    expect(error).toBeInstanceOf(InputError);
    expect((error as Error).message).toMatch(message);
  }
  const name = 'unet.mid_block.attentions.0.transformer_blocks.0.attn1.to_q.lora_A.weight';

  it('a tensor that is no adapter, a matrix that is missing', async () => {
    await refused(
      (w) => w.set('unet.conv_in.weight', { shape: [1], data: new Float32Array(1) }),
      /Tensor unet.conv_in.weight in .* is not part of an adapter/,
    );
    await refused((w) => w.delete(name), /lacks one of its matrices/);
  });

  it('a layer that the network does not have, or of another shape', async () => {
    await refused((w) => {
      for (const end of ['A', 'B']) w.set(`unet.elsewhere.to_q.lora_${end}.weight`, w.get(name)!);
    }, /adapts the layer elsewhere.to_q, which the network does not have/);
    await refused((w) => w.set(name, { shape: [1, 2], data: new Float32Array(2) }), /has shapes \[1, 2\]/);
  });
});
