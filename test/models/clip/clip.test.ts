import { describe, expect, it } from 'vitest';
import { InputError } from '../../../common/errors.ts';
import { vectorJacobianProduct } from '../../../engine/vector-jacobian.ts';
import { imageFeatures, logitScale, textFeatures } from '../../../models/clip/clip.ts';
import { clipSchema, clipTextSchema } from '../../../models/clip/clip-config.ts';
import { clipText } from '../../../models/clip/clip-text.ts';
import { clipVision } from '../../../models/clip/clip-vision.ts';
import { parseConfig } from '../../../models/folder/network-config.ts';
import { expectAgreement, expectParameterGradients, parametersOf, readGolden, tensorOf } from '../golden.ts';

describe.each(['text-legacy', 'text-gelu'])('text model %s', (name) => {
  it('agrees with transformers', async () => {
    const { json, path, weights, golden } = await readGolden(name);
    const config = parseConfig(clipTextSchema, json, path);
    const { hidden, pooled } = clipText(parametersOf(weights), config, tensorOf(golden, 'in.ids'));
    expectAgreement(hidden, golden, 'out.hidden', 1e-4);
    expectAgreement(pooled, golden, 'out.pooled', 1e-4);
  });

  it("has torch's gradients by every parameter", async () => {
    const { json, path, weights, golden } = await readGolden(name);
    const config = parseConfig(clipTextSchema, json, path);
    const parameters = parametersOf(weights);
    const ids = tensorOf(golden, 'in.ids');
    const { gradients } = vectorJacobianProduct(
      () => {
        const { hidden, pooled } = clipText(parameters, config, ids);
        const weighted = hidden.mul(tensorOf(golden, 'in.dout.hidden')).sum();
        return weighted.add(pooled.mul(tensorOf(golden, 'in.dout.pooled')).sum());
      },
      () => [...parameters.used.values()],
    );
    expectParameterGradients(parameters, weights, gradients, golden, 1e-3, (n) => n.replace(/^text_model\./, ''));
  });
});

describe('CLIPModel', () => {
  it('computes the same features as transformers', async () => {
    const { json, path, weights, golden } = await readGolden('clip');
    const config = parseConfig(clipSchema, json, path);
    const p = parametersOf(weights);
    const pixels = tensorOf(golden, 'in.pixels');
    expectAgreement(imageFeatures(p, config, pixels), golden, 'out.image', 1e-4);
    expectAgreement(textFeatures(p, config, tensorOf(golden, 'in.ids')), golden, 'out.text', 1e-4);
    expectAgreement(clipVision(p, config.vision_config, pixels).hidden, golden, 'out.hidden', 1e-4);
    expectAgreement(logitScale(p), golden, 'out.logit_scale', 1e-6);
    expect([...p.used.keys()].sort()).toEqual([...weights.keys()].sort());
  });

  it("has torch's gradient by the pixels", async () => {
    const { json, path, weights, golden } = await readGolden('clip');
    const config = parseConfig(clipSchema, json, path);
    const pixels = tensorOf(golden, 'in.pixels');
    const { gradients } = vectorJacobianProduct(
      () => imageFeatures(parametersOf(weights), config, pixels),
      () => [pixels],
      tensorOf(golden, 'in.dout.image'),
    );
    expectAgreement(gradients[0]!, golden, 'grad.in.pixels', 1e-3);
  });
});

describe('a configuration', () => {
  it("has transformers' defaults for missing keys", () => {
    const config = parseConfig(clipSchema, { text_config: { hidden_size: 64 } }, 'config.json');
    expect(config.text_config).toMatchObject({
      hidden_size: 64,
      num_attention_heads: 8,
      hidden_act: 'quick_gelu',
      layer_norm_eps: 1e-5,
    });
    expect(config.vision_config).toMatchObject({ hidden_size: 768, image_size: 224, patch_size: 32 });
  });

  it.each([
    [{ hidden_act: 'relu' }, /clip\/config.json: hidden_act is "relu": expected "quick_gelu" or "gelu"/],
    [{ hidden_size: -4 }, /hidden_size is -4: expected a positive integer/],
    [{ hidden_size: '64' }, /hidden_size is "64": expected a positive integer/],
    [{ hidden_size: 10, num_attention_heads: 3 }, /num_attention_heads is 3: it must divide hidden_size/],
  ])('%j is refused with the key and the value', (json, message) => {
    const parse = () => parseConfig(clipTextSchema, json, 'clip/config.json');
    expect(parse).toThrow(InputError);
    expect(parse).toThrow(message);
  });
});
