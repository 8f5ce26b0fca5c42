import { appendFile, cp, mkdir, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { CancelledError } from '../../../common/errors.ts';
import type { Alarm } from '../../../training/alarm/alarm.ts';
import { Rollout } from '../../../training/rollout/rollout-samples.ts';
import type { Snapshot } from '../../../training/checkpoint/snapshot.ts';
import { tune, type Tuning } from '../../../training/tune.ts';
import { temporaryFolder } from '../../setup/temporary-folder.ts';
import { digests } from '../small-tuning.ts';

// The loop with a counting trainer: the result of a step depends on all earlier steps, as in a real one.

const config = { steps: 12, batch: 1, learningRate: 0.1, warmup: 1, checkpointEvery: 3, keepEvery: 2 };
const samples = [{ id: 'a', prompt: 'a', sample: 0 }];
const rollout = new Rollout({ shape: [1], samples, latents: new Float32Array(1) });

function counting(scratch: string): Tuning {
  let state = 1;
  const looks = join(scratch, 'validation.jsonl');
  const alarm = {
    goOnFrom: async (step: number) => {
      const text = await readFile(looks, 'utf8').catch(() => '');
      const lines = text
        .split('\n')
        .filter((line) => line !== '' && (JSON.parse(line) as { step: number }).step <= step);
      await writeFile(looks, lines.map((line) => `${line}\n`).join(''));
    },
    check: async (step: number) => {
      await appendFile(looks, `{"step":${step},"total":${state}}\n`);
      return false;
    },
    hasEnded: () => false,
    keep: (path: string) => cp(looks, path),
  };
  const snapshot = (): Snapshot => ({
    weights: new Map([['net/w', { shape: [1], data: Float32Array.of(state) }]]),
    state: new Map([['adam.m/net/w', { shape: [1], data: Float32Array.of(0) }]]),
    codes: new Map(),
  });
  return {
    tuner: {
      step: (step) => {
        state = (state * 31 + step) % 1009;
        return { step, loss: state, gradientNorm: { net: 1 }, deltaNorm: { net: state + 1 }, rewards: {} };
      },
      snapshot,
      restore: ({ weights }) => void (state = weights.get('net/w')!.data[0]!),
    },
    rollout,
    networks: ['net'],
    alarm: alarm as unknown as Alarm,
    async keep(root, name) {
      await mkdir(join(root, 'net', name), { recursive: true });
      await writeFile(join(root, 'net', name, 'weights'), `${state}`.repeat(50));
    },
  };
}

/** Tunes to the end, or until the step `stopAt`, in `output` and `scratch` of a folder. @returns its messages */
async function work(folder: string, stopAt?: number): Promise<string[]> {
  const messages: string[] = [];
  const stop = new AbortController();
  const [output, scratch] = [join(folder, 'output'), join(folder, 'scratch')];
  await rm(output, { recursive: true, force: true });
  for (const path of [output, scratch]) await mkdir(path, { recursive: true });
  const progress = ({ step, message }: { step: number; message?: string }): void => {
    messages.push(message ?? '');
    if (step === stopAt) stop.abort();
  };
  const context = { config, seed: 1, inputs: {}, output, scratch, progress, signal: stop.signal };
  const end = tune(context, counting(scratch));
  if (stopAt === undefined) await end;
  else await expect(end).rejects.toThrow(CancelledError);
  return messages;
}

const flip = (at: number) => async (path: string) => {
  const bytes = await readFile(path);
  bytes[at < 0 ? bytes.length + at : at]! ^= 4;
  await writeFile(path, bytes);
};
const cut = (path: string) => truncate(path, 20);
const empty = (path: string) => truncate(path, 0);
const remove = (path: string) => rm(path);
const folderInstead = async (path: string) => {
  await rm(path);
  await mkdir(path);
};
const more = (path: string) => appendFile(path, '{"step":99}\n');

let straight: Record<string, string>;
beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'textcraftor-test-'));
  await work(folder);
  straight = digests(join(folder, 'output'));
  return () => rm(folder, { recursive: true });
});

describe('tuning that continues beside damaged files ends with the same bytes', () => {
  const [last, before] = ['checkpoints/checkpoint-000010', 'checkpoints/checkpoint-000009'];
  // Stopped after step 10: checkpoints 9 and 10; both need what was written until step 9.
  it.each([
    ['metrics.jsonl', 'its end changed', flip(-3), 'step 9'],
    ['metrics.jsonl', 'its beginning changed', flip(12), 'step 0'],
    ['metrics.jsonl', 'cut short', cut, 'step 0'],
    ['metrics.jsonl', 'emptied', empty, 'step 0'],
    ['metrics.jsonl', 'gone', remove, 'step 0'],
    ['metrics.jsonl', 'a folder', folderInstead, 'step 0'],
    ['metrics.jsonl', 'longer', more, 'step 10'],
    ['validation.jsonl', 'its end changed', flip(-3), 'step 9'],
    ['validation.jsonl', 'cut short', cut, 'step 0'],
    ['validation.jsonl', 'gone', remove, 'step 0'],
    ['validation.jsonl', 'longer', more, 'step 10'],
    ['kept/net/step-000010/weights', 'changed', flip(5), 'step 9'],
    ['kept/net/step-000010/weights', 'cut short', cut, 'step 9'],
    ['kept/net/step-000008/weights', 'changed', flip(5), 'step 0'],
    ['kept/net/step-000008/weights', 'gone', remove, 'step 0'],
    ['kept/net/step-000008/weights', 'a folder', folderInstead, 'step 0'],
    [`${last}/meta.json`, 'changed', flip(9), 'step 9'],
    [`${last}/meta.json`, 'cut short', cut, 'step 9'],
    [`${last}/meta.json`, 'a folder', folderInstead, 'step 9'],
    [`${last}/weights.safetensors`, 'changed', flip(-1), 'step 9'],
    [`${last}/state.safetensors`, 'gone', remove, 'step 9'],
    [`${before}/weights.safetensors`, 'changed', flip(-1), 'step 10'],
  ])('%s: %s', async (file, _, damage, from) => {
    const folder = await temporaryFolder();
    await work(folder, 10);
    await damage(join(folder, 'scratch', file));
    const messages = await work(folder);
    const refused = messages.filter((message) => message.includes('cannot be used')).length;
    expect(refused).toBe({ 'step 10': 0, 'step 9': 1, 'step 0': 2 }[from]);
    expect(digests(join(folder, 'output'))).toEqual(straight);
  });

  it('half-written files that a killed process left beside the checkpoints do not reach the output', async () => {
    const folder = await temporaryFolder();
    await work(folder, 10);
    for (const file of ['net/step-000011/weights', 'net/step-000010/weights.1f.tmp']) {
      await mkdir(join(folder, 'scratch', 'kept', file, '..'), { recursive: true });
      await writeFile(join(folder, 'scratch', 'kept', file), 'half');
    }
    await work(folder);
    expect(digests(join(folder, 'output'))).toEqual(straight);
  });
});
