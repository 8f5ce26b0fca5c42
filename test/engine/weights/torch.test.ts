import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readSafetensors } from '../../../engine/weights/safetensors.ts';
import { readTorchWeights } from '../../../engine/weights/torch/torch-file.ts';

const golden = (name: string) => join(import.meta.dirname, '../../golden/torch', name);

describe('a file that torch.save() wrote', () => {
  it.each([
    ['in the zip format', 'zip.pt'],
    ['in the format before torch 1.6', 'legacy.pth'],
    ['by DataParallel', 'parallel.bin'],
    ['by PyTorch Lightning', 'lightning.ckpt'],
  ])('%s holds the values that torch wrote', async (_how, file) => {
    const expected = await readSafetensors(golden('expected.safetensors'));
    const weights = await readTorchWeights(golden(file));
    expect(() => weights.get('mask')!.data).toThrow(/Tensor mask in .* has dtype BOOL; expected F32/);
    weights.delete('mask');
    // Position ids are not weights.
    expect([...weights.keys()].sort()).toEqual(expected.names);
    for (const [name, { shape, data }] of weights) {
      expect(shape, name).toEqual(expected.info(name).shape);
      expect(data, name).toEqual(expected.float32(name));
    }
  });

  it('of a whole module is refused, with the name of its class', async () => {
    await expect(readTorchWeights(golden('module.pt'))).rejects.toThrow(
      /The pickle in .*module.pt names "torch.nn.modules.container.Sequential", which is not allowed: only tensors and plain containers are read, and nothing was run, at byte \d+/,
    );
  });
});
