import fc from 'fast-check';
import { afterEach, expect, it } from 'vitest';
import { stageEnvironment } from '../../activities/execution/stage-environment.ts';
import { inLanes, setLanes } from '../../engine/lanes.ts';
import { Program, float32 } from '../../engine/program/program.ts';
import { tf } from '../../engine/tensorflow.ts';
import { gradientStep } from '../../training/gradient-step.ts';
import { readGoldenStep } from '../models/golden.ts';

afterEach(() => setLanes(1));

it('returns for every row the result of one batch, however many rows and lanes there are', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 5 }), (rows, count) => {
      setLanes(count);
      const seen: number[] = [];
      const x = tf.range(0, rows * 2).reshape([rows, 2]);
      const bias = tf.range(0, rows);
      const { sum, twice } = inLanes({ x, bias }, (part) => {
        seen.push(part['x']!.shape[0]!);
        return { sum: part['x']!.sum(1).add(part['bias']!), twice: part['x']!.mul(2) };
      });
      expect([...sum.dataSync()]).toEqual(Array.from({ length: rows }, (_, i) => 5 * i + 1));
      expect([...twice.dataSync()]).toEqual(Array.from({ length: rows * 2 }, (_, i) => 2 * i));
      expect(seen.length).toBe(Math.min(rows, count));
      expect(Math.max(...seen) - Math.min(...seen)).toBeLessThanOrEqual(1);
    }),
    { numRuns: 30 },
  );
});

it('is part of a program as it was when recorded', () => {
  setLanes(2);
  const program = new Program();
  program.entry('double', { x: float32(3, 1) }, (inputs) => inLanes(inputs, ({ x }) => ({ y: x!.mul(2) })));
  program.compile();
  setLanes(1);
  const { y } = program.run('double', { x: tf.tensor2d([1, 2, 3], [3, 1]) });
  expect([...y!.dataSync()]).toEqual([2, 4, 6]);
  program.dispose();
});

it('gives the rewards and gradients of a training step in one batch, to 1e-4', async () => {
  const { pipeline, rewards, start } = await readGoldenStep();
  const [one, three] = [1, 3].map((count) => {
    setLanes(count);
    return gradientStep(pipeline, rewards, { ...start, train: ['text_encoder', 'unet'] });
  });
  for (const name of ['clip', 'aesthetic'])
    one!.scores[name]!.forEach((score, i) => expect(three!.scores[name]![i]! / score).toBeCloseTo(1, 4));
  for (const network of ['text_encoder', 'unet'])
    for (const [name, { data }] of one!.gradients[network]!) {
      const other = three!.gradients[network]!.get(name)!.data;
      const norm = Math.hypot(...data);
      expect(Math.hypot(...data.map((value, i) => value - other[i]!)), name).toBeLessThanOrEqual(1e-4 * norm + 1e-7);
    }
});

it('gives each lane its share of the threads', () => {
  const threadsOf = (threads: number, lanes?: number) => {
    const { TF_NUM_INTRAOP_THREADS: within, TF_NUM_INTEROP_THREADS: lane } = stageEnvironment(
      {},
      { threads, xla: false, ...(lanes ? { lanes } : {}) },
    );
    return [within, lane];
  };
  expect(threadsOf(8)).toEqual(['8', '1']);
  expect(threadsOf(8, 2)).toEqual(['4', '2']);
  expect(threadsOf(2, 2)).toEqual(['1', '2']);
  expect(threadsOf(1, 2)).toEqual(['1', '1']);
  expect(threadsOf(0)).toEqual([undefined, undefined]);
});
