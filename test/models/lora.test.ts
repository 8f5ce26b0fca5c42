import { cp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../common/errors.ts';
import { product } from '../../common/product.ts';
import { readSafetensors, writeSafetensors } from '../../engine/weights/safetensors.ts';
import type { Tensor } from '../../engine/tensorflow.ts';
import { WeightParameters } from '../setup/weight-parameters.ts';
import { readWeights, writeWeights, type Weight, type Weights } from '../../engine/weights/weights.ts';
import { clipText } from '../../models/clip/clip-text.ts';
import { readJson, type Json } from '../../models/folder/network-config.ts';
import { mergeLora } from '../../models/lora/lora.ts';
import { patternOf } from '../../models/lora/layer-pattern.ts';
import { parseLoraConfig } from '../../models/lora/lora-config.ts';
import { readLora, writeLora } from '../../models/lora/lora-file.ts';
import { loraScale } from '../../models/lora/lora-scale.ts';
import { loadPipeline } from '../../models/folder/pipeline-folder.ts';
import { unet2dCondition } from '../../models/unet/unet.ts';
import { temporaryFolder } from '../setup/temporary-folder.ts';
import { expectAgreement, goldenPath, readGoldenJson, tensorOf } from './golden.ts';

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

describe('adapters made by diffusers', () => {
  it.each(['diffusers', 'old', 'processors', 'single'])(
    "change the networks as in diffusers, under %s' names",
    async (name) => {
      const path = goldenPath(`lora/${name}.safetensors`);
      const { text_encoder, unet } = await readLora(path);
      expectAgreement(unetOutput(mergeLora(pipeline.weights.unet, unet!, path)), golden, 'out.unet', 1e-4);
      expectAgreement(hidden(mergeLora(pipeline.weights.textEncoder, text_encoder!, path)), golden, 'out.hidden', 1e-4);
    },
  );

  it.each(['a b', '[1]', 'x=y', 'ü', '#', '%41', 'a?b', 'back\\slash'])('may lie in a file named %s', async (name) => {
    const path = join(await temporaryFolder(), `${name}.safetensors`);
    await cp(goldenPath('lora/single.safetensors'), path);
    expect(await readLora(path)).toEqual(await readLora(goldenPath('lora/single.safetensors')));
  });

  it('are written with the names, shapes and values that diffusers reads', async () => {
    const path = join(await temporaryFolder(), 'ours.safetensors');
    await writeLora(path, await readLora(goldenPath('lora/diffusers.safetensors')));
    const [ours, theirs] = [await readWeights(path), await readWeights(goldenPath('lora/diffusers.safetensors'))];
    expect([...ours.keys()].sort()).toEqual([...theirs.keys()].sort());
    for (const [name, { shape, data }] of ours) {
      expect(shape, name).toEqual(theirs.get(name)!.shape);
      // For the UNet, alpha is twice the rank: the factor is in B, so that readers without alpha are right too.
      const factor = name.startsWith('unet.') && name.includes('lora_B') ? 2 : 1;
      expect([...data], name).toEqual([...theirs.get(name)!.data].map((x) => Math.fround(factor * x)));
    }
  });

  it("are not written under single files' names, which diffusers would not find", async () => {
    const path = join(await temporaryFolder(), 'ours.safetensors');
    await expect(writeLora(path, await readLora(goldenPath('lora/single.safetensors')))).rejects.toThrow(
      /is not its layer's name/,
    );
  });
});

const patternCases = await readGoldenJson<[layer: string, keys: string[], found: string][]>('lora/pattern-keys.json');

describe('adapters with other ranks and alphas for some layers, including rank-stabilized ones', () => {
  const patterns = goldenPath('lora/patterns-golden.safetensors');

  it("change the networks as in diffusers, by the metadata of its file, in PEFT's folder, and as torch wrote them", async () => {
    const expected = await readSafetensors(patterns);
    const merged = async (path: string) => {
      const { unet, text_encoder } = await readLora(path);
      if (unet) expectAgreement(unetOutput(mergeLora(pipeline.weights.unet, unet, path)), expected, 'out.unet', 1e-4);
      if (text_encoder)
        expectAgreement(
          hidden(mergeLora(pipeline.weights.textEncoder, text_encoder, path)),
          expected,
          'out.hidden',
          1e-4,
        );
      return [unet !== undefined, text_encoder !== undefined];
    };
    expect(await merged(goldenPath('lora/patterns.safetensors'))).toEqual([true, true]);
    expect(await merged(goldenPath('lora/peft-unet'))).toEqual([true, false]);
    expect(await merged(goldenPath('lora/peft-unet/adapter_model.safetensors'))).toEqual([true, false]);
    expect(await merged(goldenPath('lora/peft-text/adapter_model.bin'))).toEqual([false, true]);
  });

  /** PEFT's folder of the text encoder with other keys in its configuration. */
  async function peftFolder(change: Json): Promise<string> {
    const folder = await temporaryFolder();
    await cp(goldenPath('lora/peft-text'), folder, { recursive: true });
    const path = join(folder, 'adapter_config.json');
    await writeFile(path, JSON.stringify({ ...(await readJson(path)), ...change }));
    return folder;
  }
  const scales = async (folder: string) =>
    [...(await readLora(folder)).text_encoder!.values()].map(({ scale }) => scale);

  it('are scaled by alpha / rank or, rank-stabilized, alpha / sqrt(rank)', async () => {
    expect(new Set(await scales(await peftFolder({})))).toEqual(new Set([6 / 2, 1 / 3]));
    const stabilized = await scales(await peftFolder({ use_rslora: true, r: 4, rank_pattern: { q_proj: 2, fc1: 3 } }));
    expect(new Set(stabilized)).toEqual(new Set([6 / Math.SQRT2, 1 / Math.sqrt(3)]));
    const anchored = { alpha_pattern: { '^encoder.layers.0.self_attn.q_proj': 10 } };
    expect(new Set(await scales(await peftFolder(anchored)))).toEqual(new Set([10 / 2, 6 / 3]));
  });

  it.each([false, 'gaussian', 'eva', null])('may have been initialized with %s', async (init_lora_weights) => {
    expect(await scales(await peftFolder({ init_lora_weights }))).toHaveLength(2);
  });

  it.each<[Json, RegExp]>([
    [{ use_dora: true }, /adapter_config\.json: use_dora is true: only false is supported/],
    [{ bias: 'all' }, /bias is "all"/],
    [{ lora_bias: true }, /lora_bias is true/],
    [{ modules_to_save: ['fc2'] }, /modules_to_save is \["fc2"\]: only null is supported/],
    [{ trainable_token_indices: [3] }, /trainable_token_indices is \[3\]/],
    [{ megatron_config: { a: 1 } }, /megatron_config is/],
    [{ init_lora_weights: 'pissa' }, /init_lora_weights is "pissa": expected true, false/],
    [{ init_lora_weights: 'olora' }, /init_lora_weights is "olora"/],
    [{ peft_type: 'LOHA' }, /peft_type is "LOHA"/],
    [{ r: 4 }, /gives the layer \S+ the rank 4, but its matrices have 2/],
    [
      { alpha_pattern: { '(?i)fc1': 2 } },
      /the pattern "\(\?i\)fc1" may hold only names, .* write it as the layers' names/,
    ],
    [{ alpha_pattern: { '(fc1': 2 } }, /the pattern "\(fc1" is not a regular expression/],
    [{ rank_pattern: { '(\\w+)+fc1': 2 } }, /the pattern .* has too many repetitions/],
    [{ rank_pattern: { '.*.*.*.*fc1': 2 } }, /the pattern .* has too many repetitions/],
    [{ target_modules: ['fc1'] }, /target_modules excludes the layer \S+q_proj/],
    [{ exclude_modules: ['fc1'] }, /exclude_modules excludes the layer \S+fc1/],
    [{ layers_to_transform: 1 }, /layers_to_transform excludes the layer/],
    [{ use_something: true }, /use_something is true: unknown key/],
  ])('are refused with %o by file and key', async (change, message) => {
    const error: unknown = await readLora(await peftFolder(change)).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(InputError);
    expect((error as Error).message).toMatch(message);
  });

  it.each(patternCases)('match the layer %s by the keys %o as PEFT does, with %o', (layer, keys, found) => {
    expect(patternOf(keys, [layer], 'config') ?? layer).toBe(found);
  });

  it("count as PEFT counts layers: by the first number behind a name, or behind one of the lists' names", () => {
    const layer = 'up_blocks.1.attentions.3.transformer_blocks.0.attn1.to_k';
    const scale = (change: Json) =>
      loraScale(parseLoraConfig({ r: 2, lora_alpha: 6, ...change }, 'config'), layer, 2, 'config');
    for (const taken of [
      { layers_to_transform: [3] },
      { layers_to_transform: [] },
      { layers_to_transform: 0, layers_pattern: ['layers', 'transformer_blocks'] },
      { layers_to_transform: [1], layers_pattern: 'up_blocks' },
    ])
      expect(scale(taken), JSON.stringify(taken)).toBe(3);
    for (const left of [{ layers_to_transform: [0, 1] }, { layers_to_transform: [3], layers_pattern: 'layers' }])
      expect(() => scale(left), JSON.stringify(left)).toThrow(/layers_to_transform excludes the layer/);
  });

  it('are refused when the configuration is not beside the file', async () => {
    const folder = await peftFolder({});
    await rm(join(folder, 'adapter_config.json'));
    await expect(readLora(folder)).rejects.toThrow(/needs adapter_config.json beside adapter_model.bin/);
    await expect(readLora(await temporaryFolder())).rejects.toThrow(/holds no adapters; expected one of/);
    await expect(readLora(join(folder, 'nothing'))).rejects.toThrow(/it does not exist/);
  });
});

describe('a LoRA file that does not fit is refused in one sentence', () => {
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

  it('a tensor that is not an adapter, a missing matrix', async () => {
    await refused(
      (w) => w.set('unet.conv_in.weight', { shape: [1], data: new Float32Array(1) }),
      /Tensor unet.conv_in.weight in .* is not part of an adapter/,
    );
    await refused((w) => w.delete(name), /lacks one of its matrices/);
    const bare = name.replace('unet.', '').replace('.to_q.lora_A', '.processor.to_q_lora.down');
    await refused((w) => w.set(bare, w.get(name)!), /belongs to no known network; begin its name with "unet\."/);
  });

  it('a layer that the network does not have, or of another shape', async () => {
    await refused((w) => {
      for (const end of ['A', 'B']) w.set(`unet.elsewhere.to_q.lora_${end}.weight`, w.get(name)!);
    }, /adapts the layer elsewhere.to_q, which the network lacks/);
    await refused((w) => w.set(name, { shape: [1, 2], data: new Float32Array(2) }), /has shapes \[1, 2\]/);
  });

  const written = async (tensors: Record<string, Weight>, metadata: Record<string, string> = {}) => {
    const path = join(await temporaryFolder(), 'lora.safetensors');
    const all = Object.entries(tensors).map(([name, weight]) => [name, { dtype: 'F32' as const, ...weight }]);
    await writeSafetensors(path, Object.fromEntries(all) as never, metadata);
    return path;
  };
  const matrix = (...shape: number[]): Weight => ({ shape, data: new Float32Array(product(shape)) });
  const layer = 'lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn1_to_q';
  const pair = { [`${layer}.lora_down.weight`]: matrix(2, 4), [`${layer}.lora_up.weight`]: matrix(4, 2) };
  const other = layer.replace('to_q', 'to_k');

  it.each([
    [`${layer}.dora_scale`, /belongs to DoRA/],
    [`unet.a.to_q.lora_magnitude_vector`, /belongs to DoRA/],
    [`${layer}.hada_w1_a`, /belongs to LoHa/],
    [`${layer}.lokr_w1`, /belongs to LoKr/],
    [`${layer}.lora_mid.weight`, /belongs to LoCon with a matrix in the middle/],
    [`${layer}.diff`, /belongs to a difference of full weights/],
    ['unet.a.to_q.lora_B.bias', /belongs to LoRA with a bias/],
    ['lora_te2_text_model_encoder_layers_0_mlp_fc1.lora_down.weight', /belongs to a second text encoder/],
    [`${layer}.something`, /is not part of an adapter/],
  ])('tensor %s belongs to another kind of adapter', async (name, message) => {
    const path = await written({ ...pair, [name]: matrix(2, 2) });
    await expect(readLora(path)).rejects.toThrow(message);
    await expect(readLora(path)).rejects.toThrow(name);
  });

  it.each([
    ['{', /lora_adapter_metadata in its header is not JSON/],
    ['[1]', /lora_adapter_metadata in its header is not a JSON object/],
    ['{"unet.r": "a"}', /lora_adapter_metadata in its header\): r is "a"/],
    ['{"unet.use_dora": true}', /use_dora is true/],
    ['{"vae.r": 2}', /the key vae.r does not belong to the UNet or the text encoder/],
    ['{"unet.r": 2, "unet.lora_alpha": 4}', undefined],
  ])('metadata %s', async (text, message) => {
    const tensors = { 'unet.a.b.lora_A.weight': matrix(2, 4), 'unet.a.b.lora_B.weight': matrix(4, 2) };
    const read = readLora(await written(tensors, { lora_adapter_metadata: text }));
    if (message) await expect(read).rejects.toThrow(message);
    else expect((await read).unet!.get('a.b')!.scale).toBe(2);
  });

  it('alphas of only some layers, two for one layer, or a different one in the metadata', async () => {
    const alpha: Weight = { shape: [], data: Float32Array.of(1) };
    const two = {
      ...pair,
      [`${other}.lora_down.weight`]: matrix(2, 4),
      [`${other}.lora_up.weight`]: matrix(4, 2),
      [`${other}.alpha`]: alpha,
    };
    await expect(readLora(await written(two))).rejects.toThrow(/to_q in unet has no alpha, but that of .*to_k has one/);
    await expect(
      readLora(await written({ ...pair, [`${layer}.alpha`]: alpha }, { lora_adapter_metadata: '{"unet.r": 2}' })),
    ).rejects.toThrow(/both give the scale/);
    await expect(readLora(await written(pair, { ss_network_alpha: '1.0' }))).rejects.toThrow(
      /has no alpha, and the header's ss_network_alpha, 1, differs from its rank, 2/,
    );
    for (const metadata of [{}, { ss_network_alpha: '2.0' }, { ss_network_alpha: 'None' }])
      expect([...(await readLora(await written(pair, metadata))).unet!.values()][0]!.scale).toBe(1);
  });

  it.each<[number[], RegExp]>([
    [[2], /to_q\.alpha has shape \[2\]; expected one number/],
    [[0], /to_q\.alpha has shape \[0\]; expected one number/],
    [[1, 1], /to_q\.alpha has shape \[1, 1\]; expected one number/],
  ])('an alpha of shape %j', async (shape, message) => {
    const alpha = { shape, data: new Float32Array(product(shape)).fill(1) };
    await expect(readLora(await written({ ...pair, [`${layer}.alpha`]: alpha }))).rejects.toThrow(message);
  });

  it('an alpha in a list of one number counts as that number', async () => {
    const alpha = { shape: [1], data: Float32Array.of(4) };
    const { unet } = await readLora(await written({ ...pair, [`${layer}.alpha`]: alpha }));
    expect([...unet!.values()][0]!.scale).toBe(2);
  });

  it.each<[number[], number[]]>([
    [
      [0, 4],
      [4, 0],
    ],
    [[2], [4, 2]],
    [[2, 4], [4]],
    [[], []],
  ])('matrices without a rank: %j and %j', async (down, up) => {
    const tensors = { [`${layer}.lora_down.weight`]: matrix(...down), [`${layer}.lora_up.weight`]: matrix(...up) };
    await expect(readLora(await written(tensors))).rejects.toThrow(
      /the adapter of .*to_q in unet has shapes .* expected \[rank, in\] and \[out, rank\] with a rank/,
    );
  });

  it('one matrix under two names, a second convolution that is not 1 x 1, and a file without weights', async () => {
    const twice = {
      ...pair,
      'unet.down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q.lora_A.weight': matrix(2, 4),
    };
    await expect(readLora(await written(twice))).rejects.toThrow(/are the same part of one adapter/);
    const wide = { 'unet.conv_in.lora_A.weight': matrix(1, 4, 3, 3), 'unet.conv_in.lora_B.weight': matrix(8, 1, 3, 3) };
    const path = await written(wide);
    const shapes = new Map([['conv_in.weight', matrix(8, 4, 3, 3)]]);
    expect(() => mergeLora(shapes, new Map(), path)).not.toThrow();
    const { unet } = await readLora(path);
    expect(() => mergeLora(shapes, unet!, path)).toThrow(/has shapes \[1, 4, 3, 3\] and \[8, 1, 3, 3\]/);
    const pickle = join(await temporaryFolder(), 'lora.safetensors');
    await cp(goldenPath('lora/peft-text/adapter_model.bin'), pickle);
    await expect(readLora(pickle)).rejects.toThrow(InputError);
    await expect(readLora(pickle)).rejects.toThrow(/zip/);
  });
});
