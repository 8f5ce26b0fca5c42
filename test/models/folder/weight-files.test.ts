import { cpSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { writeWeights } from '../../../engine/weights/weights.ts';
import { loadPipeline, savePipeline } from '../../../models/folder/pipeline-folder.ts';
import { readNetwork } from '../../../models/folder/weight-files.ts';
import { chooseWeightFile } from '../../../models/folder/weight-names.ts';
import { goldenPath } from '../golden.ts';

const folder = mkdtempSync(join(tmpdir(), 'weight-files-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe("a network's weights", () => {
  it.each<[string, string[], string | undefined]>([
    ['safetensors before pickles', ['pytorch_model.bin', 'model.fp16.safetensors'], 'model.fp16.safetensors'],
    [
      'full precision before float16',
      ['model.fp16.safetensors', 'model.safetensors.index.json'],
      'model.safetensors.index.json',
    ],
    ['one file before several', ['model.safetensors.index.json', 'model.safetensors'], 'model.safetensors'],
    [
      'the index of a variant',
      ['diffusion_pytorch_model.safetensors.index.fp16.json'],
      'diffusion_pytorch_model.safetensors.index.fp16.json',
    ],
    [
      'a pickle when there is nothing else',
      ['diffusion_pytorch_model.bin', 'config.json'],
      'diffusion_pytorch_model.bin',
    ],
    ['nothing', ['flax_model.msgpack', 'model.onnx', 'config.json'], undefined],
  ])('%s', (_rule, names, expected) => {
    expect(chooseWeightFile(names)).toBe(expected);
  });

  it('are also read from several files of a pipeline', async () => {
    const model = join(folder, 'model');
    cpSync(goldenPath('pipeline'), model, { recursive: true });
    const whole = await loadPipeline(goldenPath('pipeline'));
    const unet = [...(await readNetwork(join(model, 'unet')))];
    const map: Record<string, string> = {};
    for (const [i, part] of [unet.slice(0, 9), unet.slice(9)].entries()) {
      const file = `diffusion_pytorch_model-0000${i + 1}-of-00002.safetensors`;
      await writeWeights(join(model, 'unet', file), new Map(part), 'F16');
      for (const [name] of part) map[name] = file;
    }
    rmSync(join(model, 'unet/diffusion_pytorch_model.safetensors'));
    const index = join(model, 'unet/diffusion_pytorch_model.safetensors.index.json');
    writeFileSync(index, JSON.stringify({ metadata: {}, weight_map: map }));
    expect((await loadPipeline(model)).weights).toEqual(whole.weights);
  });

  it('behind links, as in a cache of downloads, are saved as files', async () => {
    const linked = join(folder, 'linked');
    cpSync(goldenPath('pipeline'), linked, { recursive: true });
    rmSync(join(linked, 'tokenizer/tokenizer.json'));
    symlinkSync(goldenPath('pipeline/tokenizer/tokenizer.json'), join(linked, 'tokenizer/tokenizer.json'));
    const saved = join(folder, 'saved');
    const original = await loadPipeline(linked);
    await savePipeline(saved, original, { tokenizer: join(linked, 'tokenizer') });
    rmSync(linked, { recursive: true });
    const { tokenizer } = await loadPipeline(saved);
    expect(tokenizer.encode('a small red circle')).toEqual(original.tokenizer.encode('a small red circle'));
  });
});
