import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { writeWeights, type Weights } from '../../../engine/weights/weights.ts';
import { Arms } from '../../../evaluation/arms/arms.ts';
import type { PictureGenerator } from '../../../evaluation/pictures/picture-generator.ts';
import { requireEncoder } from '../../../models/folder/other-encoder.ts';
import type { LoadedPipeline } from '../../../models/folder/pipeline-folder.ts';
import { smallPipeline } from '../small-pipeline.ts';

const folder = mkdtempSync(join(tmpdir(), 'textcraftor-lora-arms-'));
afterAll(() => rmSync(folder, { recursive: true }));
let pipeline: LoadedPipeline;
beforeAll(async () => {
  pipeline = await smallPipeline(join(folder, 'pipeline'));
});

const layer = 'text_model.encoder.layers.0.self_attn.q_proj';
const single = `lora_te_${layer.replaceAll('.', '_')}`;
const filled = (shape: number[], value: number) => ({
  shape,
  data: new Float32Array(shape.reduce((a, b) => a * b)).fill(value),
});
const [down, up] = [filled([2, 8], 0.5), filled([8, 2], 0.25)];

/** Names of the adapter's matrices in a file, and what else the file has. */
const namings: Record<string, Weights> = {
  'single.safetensors': new Map([
    [`${single}.lora_down.weight`, down],
    [`${single}.lora_up.weight`, up],
    [`${single}.alpha`, filled([1], 4)],
  ]),
  'diffusers.safetensors': new Map([
    [`text_encoder.${layer}.lora_A.weight`, down],
    [`text_encoder.${layer}.lora_B.weight`, filled([8, 2], 0.5)],
  ]),
  'peft/adapter_model.safetensors': new Map([
    [`base_model.model.${layer}.lora_A.weight`, down],
    [`base_model.model.${layer}.lora_B.weight`, up],
  ]),
};

async function write(name: string, weights: Weights): Promise<string> {
  const path = join(folder, name);
  mkdirSync(join(path, '..'), { recursive: true });
  await writeWeights(path, weights);
  return path;
}

/** The weights with which an arm of one encoder embeds its prompts. */
async function embeddedWith(encoder: string): Promise<Weights> {
  const given: Weights[] = [];
  const generator = { embed: (weights: Weights) => void given.push(weights) } as unknown as PictureGenerator;
  const original = { condition: new Float32Array(), unconditional: new Float32Array() };
  await new Arms(pipeline, generator).mix({ name: 'a', mix: [{ encoder, weight: 1 }] }).of({ prompts: [], original });
  return given[0]!;
}

it.each(Object.entries(namings))('an arm of the adapters %s is the base with them', async (name, weights) => {
  let path = await write(name, weights);
  if (name.startsWith('peft')) {
    path = join(folder, 'peft');
    const config = { peft_type: 'LORA', r: 2, lora_alpha: 4, target_modules: ['q_proj'] };
    writeFileSync(join(path, 'adapter_config.json'), JSON.stringify(config));
  }
  await requireEncoder(path, pipeline);
  const found = await embeddedWith(path);
  const own = pipeline.weights.textEncoder;
  expect([...found.keys()]).toEqual([...own.keys()]);
  // 2 ranks of 0.5 * 0.25, scaled by alpha / rank = 2
  const expected = own.get(`${layer}.weight`)!.data.map((value) => Math.fround(value + 0.5));
  const adapted = found.get(`${layer}.weight`)!.data;
  adapted.forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 6));
  const other = layer.replace('q_proj', 'k_proj');
  expect(found.get(`${other}.weight`)!.data).toEqual(own.get(`${other}.weight`)!.data);
});

it('adapters that do not fit are refused by file and layer', async () => {
  const wide = await write(
    'wide.safetensors',
    new Map([
      [`text_encoder.${layer}.lora_A.weight`, filled([2, 9], 1)],
      [`text_encoder.${layer}.lora_B.weight`, up],
    ]),
  );
  await expect(requireEncoder(wide, pipeline)).rejects.toThrow(`${wide}: the adapter of ${layer} has shapes [2, 9]`);
  const unet = 'unet.down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q';
  const adapters: Weights = new Map([
    [`${unet}.lora_A.weight`, down],
    [`${unet}.lora_B.weight`, up],
  ]);
  const alone = await write('unet.safetensors', adapters);
  await expect(requireEncoder(alone, pipeline)).rejects.toThrow(`${alone} adapts the UNet; expected a text encoder`);
  const both = await write('both.safetensors', new Map([...adapters, ...namings['diffusers.safetensors']!]));
  await expect(requireEncoder(both, pipeline)).rejects.toThrow(`${both} adapts the UNet too; expected a text encoder`);
});
