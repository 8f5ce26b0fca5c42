import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Program, float32 } from '../../../engine/program/program.ts';
import { readSafetensors, type SafetensorsFile } from '../../../engine/weights/safetensors.ts';
import { tf } from '../../../engine/tensorflow.ts';
import type { Weights } from '../../../engine/weights/weights.ts';
import { ADAMW, UPDATE_NUMBERS, adamW, updateNumbers } from '../../../training/optimizer/adamw.ts';
import { readLastCheckpoint, writeCheckpoint } from '../../../training/checkpoint/checkpoint.ts';
import { loadSnapshot, takeSnapshot } from '../../../training/checkpoint/snapshot.ts';
import { dequantize, dynamicMap, quantize } from '../../../training/optimizer/eight-bit.ts';

const golden = await readSafetensors(new URL('../../golden/adam/8bit.safetensors', import.meta.url).pathname);
const shape = golden.info('start').shape as [number, number];

function optimizer(): Program {
  const program = new Program();
  program.entry('step', { gradient: float32(...shape), bias: float32(8), numbers: UPDATE_NUMBERS }, (inputs, scope) => {
    scope.parameters('net').get('matrix', shape);
    scope.parameters('net').get('bias', [8]);
    const gradients = new Map([
      ['matrix', inputs.gradient],
      ['bias', inputs.bias],
    ]);
    const options = { ...ADAMW, weightDecay: 0, gradientClip: 1e6, moments: '8bit' as const };
    return { norm: adamW(scope, 'net', gradients, inputs.numbers, options) };
  });
  program.compile();
  const start: Weights = new Map([
    ['matrix', { shape: [...shape], data: golden.float32('start') }],
    ['bias', { shape: [8], data: new Float32Array(8) }],
  ]);
  program.load('net', start);
  return program;
}

function step(program: Program, index: number): void {
  const gradient = tf.tensor2d(golden.float32(`gradient.${index}`), shape);
  program.run('step', { gradient, bias: tf.ones([8]), numbers: updateNumbers(1e-2, index + 1) });
}

describe('moments in 8 bits', () => {
  it("are rounded to bitsandbytes' maps", () => {
    expect(dynamicMap(true)).toEqual(golden.float32('map.m'));
    expect(dynamicMap(false)).toEqual(golden.float32('map.v'));
  });

  it("take the reference's steps", () => {
    const program = optimizer();
    for (let i = 0; i < 4; i++) step(program, i);
    const value = program.read('net').get('matrix')!.data;
    const expected = golden.float32('value');
    // A quotient halfway between two values, up to rounding, may go to either.
    const far = value.filter((x, i) => Math.abs(x - expected[i]!) > 1e-5).length;
    expect(far / value.length).toBeLessThan(1e-3);
    expectCodes(program, golden, 'm');
    expectCodes(program, golden, 'v');
    // Small tensors stay in float32.
    expect([...program.parameters('state/adam.m').keys()]).toEqual(['net/bias']);
    expect([...program.parameters('state/adam.m.codes').keys()]).toEqual(['net/matrix']);
  });

  it('continue from a checkpoint, to the bit', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'textcraftor-8bit-'));
    const trained = [{ name: 'net', learningRate: 1 }];
    const program = optimizer();
    for (let i = 0; i < 2; i++) step(program, i);
    await writeCheckpoint(folder, { step: 2, companions: { logs: {}, kept: {} }, ...takeSnapshot(program, trained) });
    const files = readdirSync(join(folder, 'checkpoint-000002')).sort();
    expect(files).toEqual(['codes.safetensors', 'meta.json', 'state.safetensors', 'weights.safetensors']);
    expect(statSync(join(folder, 'checkpoint-000002', 'codes.safetensors')).size).toBeLessThan(2 * 21 * 256 + 400);

    const again = optimizer();
    const checkpoint = await readLastCheckpoint(folder, (message) => expect.unreachable(message));
    loadSnapshot(again, trained, checkpoint!);
    for (const each of [program, again]) for (let i = 2; i < 4; i++) step(each, i);
    const [ours, theirs] = [again, program].map((each) => takeSnapshot(each, trained));
    expect([...ours!.state.keys()]).toEqual([
      'adam.m/net/bias',
      'adam.v/net/bias',
      'adam.m.scales/net/matrix',
      'adam.v.scales/net/matrix',
    ]);
    expect(ours).toEqual(theirs);

    writeFileSync(join(folder, 'checkpoint-000002', 'codes.safetensors'), 'damaged');
    const warnings: string[] = [];
    expect(await readLastCheckpoint(folder, (message) => warnings.push(message))).toBeUndefined();
    expect(warnings[0]).toMatch(/its digests are not/);
    const short = new Map([['net/matrix', { shape: [1, 256], data: new Uint8Array(256) }]]);
    expect(() => again.loadBytes('state/adam.m.codes', short, 'a checkpoint')).toThrow(
      /net\/matrix of state\/adam.m.codes in a checkpoint are \[1,256\]; expected \[21, 256\]/,
    );
    rmSync(folder, { recursive: true });
  });
});

function expectCodes(program: Program, golden: SafetensorsFile, moment: string): void {
  const codes = program.readBytes(`state/adam.${moment}.codes`).get('net/matrix')!;
  expect(codes.shape).toEqual([21, 256]);
  const expected = golden.data(`${moment}.codes`);
  const far = codes.data.map((code, i) => Math.abs(code - expected[i]!));
  expect(Math.max(...far)).toBeLessThanOrEqual(1);
  expect(far.reduce((a, b) => a + b) / far.length).toBeLessThan(2e-3);
  const scales = program.read(`state/adam.${moment}.scales`).get('net/matrix')!.data;
  golden.float32(`${moment}.scales`).forEach((scale, i) => expect(scales[i]! / scale).toBeCloseTo(1, 5));
}

const SIZE = 600;
const roundTrip = new Program();
roundTrip.entry('both', { x: float32(SIZE) }, ({ x }) => {
  const of = (signed: boolean) => dequantize(quantize(x, dynamicMap(signed)), dynamicMap(signed), [SIZE]);
  return { signed: of(true), unsigned: of(false) };
});
roundTrip.compile();

describe('the round trip of any numbers', () => {
  // Half of the widest gap between values of the maps, which lies below 1 (and, with a sign, between -1 and its lowest).
  it.each([
    ['signed', 0.0071, -1],
    ['unsigned', 0.0036, 0],
  ] as const)('%s: is near in every block, and keeps zeros and the largest', (name, bound, lowest) => {
    const numbers = fc.array(fc.double({ min: lowest, max: 1, noNaN: true }), { minLength: SIZE, maxLength: SIZE });
    const scales = fc.tuple(
      fc.double({ min: -30, max: 30, noNaN: true }),
      fc.double({ min: -30, max: 30, noNaN: true }),
      fc.constant(-Infinity),
    );
    fc.assert(
      fc.property(numbers, scales, (list, powers) => {
        const x = Float32Array.from(list, (value, i) => value * 10 ** powers[Math.floor(i / 256)]!);
        const y = roundTrip.run('both', { x: tf.tensor1d(x) })[name]!.dataSync();
        for (let start = 0; start < SIZE; start += 256) {
          const [a, b] = [x.subarray(start, start + 256), y.subarray(start, start + 256)];
          const largest = a.reduce((max, value) => Math.max(max, Math.abs(value)), 0);
          a.forEach((value, i) => {
            expect(Math.abs(value - b[i]!)).toBeLessThanOrEqual(bound * largest);
            if (value === 0 || value === largest) expect(b[i]).toBe(value === 0 ? 0 : largest);
            // Small values keep their size: a relative error of at most a half down to 1e-5 of the largest.
            if (Math.abs(value) > 1e-5 * largest) expect(Math.abs(value - b[i]!)).toBeLessThan(0.5 * Math.abs(value));
          });
        }
      }),
      { numRuns: 25, seed: 1 },
    );
  });
});
