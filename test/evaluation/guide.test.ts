import { describe, expect, it } from 'vitest';
import { guidesOf } from '../../evaluation/pictures/guide.ts';
import { PictureGenerator } from '../../evaluation/pictures/picture-generator.ts';
import { withUnet } from '../../models/folder/other-unet.ts';
import { loadPipeline } from '../../models/folder/pipeline-folder.ts';

const scene = 'a small red circle in the top left on a white background';
const world = (name: string) => `world/shapes/${name}`;

describe('the extra channels of another UNet', () => {
  it('are empty for a UNet of the same kind', async () => {
    const other = await withUnet(await loadPipeline(world('base')), world('second'));
    expect(guidesOf('none', other, [scene])).toBeUndefined();
    expect(() => guidesOf('inpainting', other, [scene])).toThrow(/takes 0 channels .* the guide "inpainting" has 9/);
  });

  it('are a mask and the masked picture for inpainting: the object of a scene, the whole of any other picture', async () => {
    const other = await withUnet(await loadPipeline(world('base')), world('second-inpainting'));
    const [object, all] = guidesOf('inpainting', other, [scene, 'a castle']) as [Float32Array, Float32Array];
    const mask = (guide: Float32Array) => Array.from({ length: 64 }, (_, cell) => guide[cell * 9]!);
    const hidden = mask(object).reduce((a, b) => a + b);
    expect(hidden).toBeGreaterThanOrEqual(9);
    expect(hidden).toBeLessThan(32);
    expect(mask(object)[9]).toBe(1); // the top left
    expect(mask(object)[63]).toBe(0);
    expect(mask(all)).toEqual(new Array(64).fill(1));
  });

  it('are the silhouette for a control image, and decide the picture', async () => {
    const pipeline = await loadPipeline(world('base'));
    const other = await withUnet(pipeline, world('second-control'));
    const guides = guidesOf('silhouette', other, [scene])!;
    expect(guides[0]!.reduce((a, b) => a + b)).toBeCloseTo(Math.PI * (0.18 * 32) ** 2, 0);
    expect(() => guidesOf('silhouette', other, ['a red circle'])).toThrow(
      /"a red circle" gives no silhouette: it must state a shape/,
    );

    const sampler = { steps: 2, guidance: 2, gradientSteps: 1 };
    const prompts = [{ id: 'a', prompt: scene }];
    const picture = (guide: Float32Array) => {
      const generator = new PictureGenerator(other, sampler, 1, 1, [guide]);
      const original = generator.embed(pipeline.weights.textEncoder, prompts, 'base');
      const arm = { name: 'base', terms: [{ embeddings: original, weight: 1 }] };
      const items = [{ prompt: 0, sample: 0 }];
      const pixels = generator.lastSteps(generator.firstSteps(prompts, items, arm), items, arm);
      generator.dispose();
      return pixels;
    };
    expect(picture(guides[0]!)).not.toEqual(picture(new Float32Array(guides[0]!.length)));
  });

  it('show what a prompt of the gallery says where the pictures are 64 pixels wide', async () => {
    const larger = async (unet: string) => {
      const other = await withUnet(await loadPipeline(world('base')), world(unet));
      return { ...other, config: { ...other.config, unet: { ...other.config.unet, sample_size: 16 } } };
    };
    const prompt = 'a small red circle in the top left on a navy background, in an outline style';
    const control = await larger('second-control');
    const [shown] = guidesOf('silhouette', control, [prompt])!;
    expect(shown).toHaveLength(64 * 64);
    expect(shown!.reduce((a, b) => a + b)).toBeCloseTo(Math.PI * (0.16 * 64) ** 2, -1);
    const other = 'a small red circle in the top left on a gray background';
    expect(() => guidesOf('silhouette', control, [other])).toThrow(/a position of the gallery/);

    const inpainting = await larger('second-inpainting');
    const [object, all] = guidesOf('inpainting', inpainting, [prompt, other]) as [Float32Array, Float32Array];
    const mask = (guide: Float32Array) => Array.from({ length: 256 }, (_, cell) => guide[cell * 9]!);
    expect(mask(object).reduce((a, b) => a + b)).toBeLessThan(64);
    expect(mask(object)[4 * 16 + 4]).toBe(1); // the top left
    expect(mask(object)[255]).toBe(0);
    expect(mask(all)).toEqual(new Array(256).fill(1));
  });

  it('are refused when a UNet does not fit', async () => {
    const pipeline = await loadPipeline(world('base'));
    const narrow = {
      ...pipeline,
      config: { ...pipeline.config, textEncoder: { ...pipeline.config.textEncoder, hidden_size: 32 } },
    };
    await expect(withUnet(narrow, world('second'))).rejects.toThrow(
      /cross_attention_dim is 64; the hidden_size of the text encoder .* is 32/,
    );
  });
});
