import { describe, expect, it } from 'vitest';
import { vectorJacobianProduct } from '../../engine/vector-jacobian.ts';
import type { Weights } from '../../engine/weights/weights.ts';
import { parseConfig } from '../../models/folder/network-config.ts';
import { canonicalVaeNames } from '../../models/folder/tensor-names.ts';
import { vaeScale, vaeSchema, vaeScalingFactor } from '../../models/vae/vae-config.ts';
import { vaeDecode, vaeEncode } from '../../models/vae/vae.ts';
import { expectAgreement, parametersOf, readGolden, tensorOf } from './golden.ts';

async function readVae(name: string) {
  const { json, path, weights, golden } = await readGolden(name);
  return { config: parseConfig(vaeSchema, json, path), weights, golden };
}

describe.each(['vae-stable-diffusion', 'vae-variant'])('AutoencoderKL %s', (name) => {
  it('encodes and decodes as diffusers does, with every tensor of the file', async () => {
    const { config, weights, golden } = await readVae(name);
    const p = parametersOf(weights);
    const { mean, logvar } = vaeEncode(p, config, tensorOf(golden, 'in.image'));
    expectAgreement(mean, golden, 'out.mean', 1e-4);
    expectAgreement(logvar, golden, 'out.logvar', 1e-4);
    expectAgreement(vaeDecode(p, config, tensorOf(golden, 'in.z')), golden, 'out.image', 1e-4);
    expect([...p.used.keys()].sort()).toEqual([...weights.keys()].sort());
  });

  it("has torch's gradient of the picture by the latents", async () => {
    const { config, weights, golden } = await readVae(name);
    const z = tensorOf(golden, 'in.z');
    const { gradients } = vectorJacobianProduct(
      () => vaeDecode(parametersOf(weights), config, z),
      () => [z],
      tensorOf(golden, 'in.dout.image'),
    );
    expectAgreement(gradients[0]!, golden, 'grad.in.z', 1e-3);
  });
});

it("reads the attention's names of the original Stable Diffusion files", async () => {
  const { config, weights, golden } = await readVae('vae-stable-diffusion');
  const old: Weights = new Map(
    [...weights].map(([name, tensor]) => [
      name.replace('to_q', 'query').replace('to_k', 'key').replace('to_v', 'value').replace('to_out.0', 'proj_attn'),
      tensor,
    ]),
  );
  expect(old.has('decoder.mid_block.attentions.0.proj_attn.weight')).toBe(true);
  const picture = vaeDecode(parametersOf(canonicalVaeNames(old)), config, tensorOf(golden, 'in.z'));
  expectAgreement(picture, golden, 'out.image', 1e-4);
});

it('knows the factor between its latents and those of the diffusion model, and between pixels and latents', async () => {
  const { config: plain } = await readVae('vae-stable-diffusion');
  const { config: variant } = await readVae('vae-variant');
  expect([vaeScalingFactor(plain), vaeScale(plain)]).toEqual([0.18215, 4]);
  expect([vaeScalingFactor(variant), vaeScale(variant)]).toEqual([0.5, 2]);
});
