import { describe, expect, it } from 'vitest';
import { RandomStream } from '../../common/random.ts';
import { vectorJacobianProduct } from '../../engine/gradients.ts';
import { conv2d } from '../../engine/layers.ts';
import { float32, Program } from '../../engine/program.ts';
import { record } from '../../engine/recorder.ts';
import { turnConvolutions } from '../../engine/convolutions.ts';
import { tf } from '../../engine/tensorflow.ts';
import { WeightParameters, type Weights } from '../../engine/weights.ts';

const weights: Weights = new Map(
  [['weight', [256, 5, 3, 3]] as const, ['bias', [256]] as const].map(([name, shape]) => [
    name,
    { shape: [...shape], data: new RandomStream(1, name).normal(shape.reduce<number>((a, b) => a * b, 1)) },
  ]),
);
const shape = [2, 70, 60, 5];
const x = tf.tensor(new RandomStream(2, 'x').normal(2 * 70 * 60 * 5), shape);

describe('a large convolution with 256 output channels', () => {
  it('is computed with its filter turned round, with the same results and gradients', () => {
    const program = new Program();
    program.entry('f', { x: float32(...shape) }, ({ x }, scope) => {
      const p = scope.parameters('net');
      const { value, gradients } = vectorJacobianProduct(
        () => conv2d(p, x, 256),
        () => [x, ...scope.used('net').values()],
      );
      return { y: value, dx: gradients[0]!, dWeight: gradients[1]! };
    });
    program.compile();
    program.load('net', weights);
    const p = new WeightParameters(weights, 'the test');
    const eager = vectorJacobianProduct(
      () => conv2d(p, x, 256),
      () => [x, ...p.used.values()],
    );
    const { y, dx, dWeight } = program.run('f', { x });
    const expected = [eager.value, ...eager.gradients];
    for (const [i, t] of [y!, dx!, dWeight!].entries())
      expect(t.sub(expected[i]!).abs().max().dataSync()[0]! / t.abs().max().dataSync()[0]!).toBeLessThan(1e-5);
  });

  it.each([
    ['turned', 91, 256, true],
    ['left alone where the picture is small', 90, 256, false],
    ['left alone where rows of the filter do not collide', 91, 255, false],
  ])('is %s', (_name, side, channels, expected) => {
    const { nodes, result } = record('f', (recorder) => {
      const read = (name: string, shape: number[]) =>
        recorder.addNode('Placeholder', [], {}, [{ shape, dtype: 'float32' }], name)[0]!;
      tf.conv2d(read('x', [1, side, 91, 4]) as never, read('w', [3, 3, 4, channels]) as never, 1, 'same');
      return recorder.tensors;
    });
    const found = turnConvolutions(nodes, result).map(({ op }) => op);
    expect(found.includes('Conv2DBackpropInput')).toBe(expected);
    expect(found.includes('Conv2D')).toBe(!expected);
  });
});
