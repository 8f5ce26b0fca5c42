import { expect, it } from 'vitest';
import { Program, float32 } from '../../../engine/program/program.ts';
import { tf } from '../../../engine/tensorflow.ts';
import { ADAMW, UPDATE_NUMBERS, adamW, updateNumbers } from '../../../training/optimizer/adamw.ts';

/** Alg. 2 of the paper in double precision, on one list of numbers. */
function reference(start: number[], gradients: number[][], learningRate: number, weightDecay: number): number[] {
  const { beta1, beta2, epsilon } = ADAMW;
  const [m, v] = [start.map(() => 0), start.map(() => 0)];
  const x = [...start];
  gradients.forEach((gradient, t) => {
    gradient.forEach((g, i) => {
      m[i] = beta1 * m[i]! + (1 - beta1) * g;
      v[i] = beta2 * v[i]! + (1 - beta2) * g * g;
      const step = m[i]! / (1 - beta1 ** (t + 1)) / (Math.sqrt(v[i]! / (1 - beta2 ** (t + 1))) + epsilon);
      x[i]! -= learningRate * (step + weightDecay * x[i]!);
    });
  });
  return x;
}

function train(gradients: number[][], gradientClip: number) {
  const program = new Program();
  const inputs = { matrix: float32(2, 2), vector: float32(2), numbers: UPDATE_NUMBERS };
  program.entry('step', inputs, ({ matrix, vector, numbers }, scope) => {
    const p = scope.parameters('net');
    p.get('matrix', [2, 2]);
    p.get('vector', [2]);
    const named = new Map([
      ['matrix', matrix],
      ['vector', vector],
    ]);
    return { norm: adamW(scope, 'net', named, numbers, { ...ADAMW, weightDecay: 0.1, gradientClip }) };
  });
  program.compile();
  program.load(
    'net',
    new Map([
      ['matrix', { shape: [2, 2], data: Float32Array.of(1, -2, 3, 0.5) }],
      ['vector', { shape: [2], data: Float32Array.of(0.3, -0.7) }],
    ]),
  );
  const norms = gradients.map((g, i) => {
    const fed = {
      matrix: tf.tensor2d(g.slice(0, 4), [2, 2]),
      vector: tf.tensor1d(g.slice(4)),
      numbers: updateNumbers(0.02, i + 1),
    };
    return program.run('step', fed)['norm']!.dataSync()[0]!;
  });
  const weights = program.read('net');
  return { norms, matrix: [...weights.get('matrix')!.data], vector: [...weights.get('vector')!.data] };
}

const gradients = [
  [0.1, -0.2, 0.3, 0.4, -0.5, 0.01],
  [-0.4, 0.2, 0.1, 0.6, 0.2, 0.3],
  [0.2, 0.2, -0.9, 0.1, 0.4, -0.3],
];

it('steps as in the paper, with decay only on matrices', () => {
  const { matrix, vector } = train(gradients, 100);
  const expectedMatrix = reference(
    [1, -2, 3, 0.5],
    gradients.map((g) => g.slice(0, 4)),
    0.02,
    0.1,
  );
  const expectedVector = reference(
    [0.3, -0.7],
    gradients.map((g) => g.slice(4)),
    0.02,
    0,
  );
  expectedMatrix.forEach((value, i) => expect(matrix[i]).toBeCloseTo(value, 5));
  expectedVector.forEach((value, i) => expect(vector[i]).toBeCloseTo(value, 5));
});

it('scales a long gradient down to the limit and reports its true length', () => {
  const length = (g: number[]) => Math.sqrt(g.reduce((sum, v) => sum + v * v, 0));
  const limit = 0.5;
  const clipped = gradients.map((g) => g.map((v) => v * Math.min(1, limit / length(g))));
  const result = train(gradients, limit);
  result.norms.forEach((norm, i) => expect(norm).toBeCloseTo(length(gradients[i]!), 5));
  const expected = reference(
    [0.3, -0.7],
    clipped.map((g) => g.slice(4)),
    0.02,
    0,
  );
  expected.forEach((value, i) => expect(result.vector[i]).toBeCloseTo(value, 5));
});
