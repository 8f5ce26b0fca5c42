import { describe, expect, it } from 'vitest';
import { product } from '../../common/product.ts';
import { RandomStream } from '../../common/random.ts';
import { float32, Program } from '../../engine/program/program.ts';
import { record } from '../../engine/program/recorder.ts';
import { sumByProduct } from '../../engine/reductions.ts';
import { tf } from '../../engine/tensorflow.ts';

const shape = [2, 72, 64, 256];
const x = tf.tensor(
  new RandomStream(1, 'x').normal(product(shape)).map((value) => value + 3),
  shape,
);

describe('sums over the pixels of large pictures', () => {
  it('are those of the reduction', () => {
    const program = new Program();
    program.entry('f', { x: float32(...shape) }, ({ x }) => ({ sum: x.sum([1, 2]), mean: x.mean([1, 2]) }));
    program.compile();
    const { sum, mean } = program.run('f', { x });
    const exact = (channel: number) => {
      const values = x.slice([1, 0, 0, channel], [1, shape[1]!, shape[2]!, 1]).dataSync() as Float32Array;
      return values.reduce((a, b) => a + b, 0);
    };
    for (const channel of [0, 100, 255]) {
      expect(sum!.dataSync()[256 + channel]! / exact(channel)).toBeCloseTo(1, 6);
      expect((mean!.dataSync()[256 + channel]! * shape[1]! * shape[2]!) / exact(channel)).toBeCloseTo(1, 6);
    }
  });

  it.each([
    ['are products', [1, 64, 64, 256], [1, 2], true],
    ['are left alone in small pictures', [1, 64, 63, 256], [1, 2], false],
    ['are left alone over other axes', [1, 64, 64, 256], [2, 3], false],
  ])('%s', (_name, shape, axes, expected) => {
    const { nodes, result } = record('f', (recorder) => {
      recorder.addNode('Placeholder', [], {}, [{ shape, dtype: 'float32' }], 'x')[0]!.sum(axes);
      return recorder.tensors;
    });
    expect(sumByProduct(nodes, result).some(({ op }) => op === 'BatchMatMulV2')).toBe(expected);
  });
});
