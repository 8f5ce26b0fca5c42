import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stageEnvironment } from '../../activities/stage-environment.ts';
import { readSafetensors, type SafetensorsFile } from '../../engine/safetensors.ts';

const golden = new URL('../golden/step/', import.meta.url).pathname;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dtype-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** The committed training step, computed in a process with the environment of a stage. */
async function step(dtype: 'float32' | 'bfloat16'): Promise<SafetensorsFile> {
  const { steps, gradSteps, guidance } = JSON.parse(readFileSync(join(golden, 'golden.json'), 'utf8')) as Record<string, number>; // prettier-ignore
  const out = join(folder, `${dtype}.safetensors`);
  const options = { model: join(golden, 'model'), rewards: join(golden, 'rewards.yaml'), prompts: join(golden, 'prompts.txt'), latents: join(golden, 'latents.safetensors'), steps, 'grad-steps': gradSteps, guidance, 'save-tensors': out }; // prettier-ignore
  const command = new URL('../../cli/textcraftor.mjs', import.meta.url).pathname;
  const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
  await promisify(execFile)(process.execPath, [command, 'step', ...args], {
    env: stageEnvironment(process.env, { threads: 1, xla: false, dtype }),
  });
  return readSafetensors(out);
}

const hasBfloat16 = /\b(amx_bf16|avx512_bf16)\b/.test(readFileSync('/proc/cpuinfo', 'utf8'));

describe('a step with products in bfloat16', () => {
  it("is torch's float32 step to three digits of loss and a tenth of the gradient", async () => {
    const expected = await readSafetensors(join(golden, 'golden.safetensors'));
    const [exact, rounded] = [await step('float32'), await step('bfloat16')];
    const loss = (file: SafetensorsFile) => file.float32('loss')[0]!;
    expect(Math.abs(loss(rounded) / loss(expected) - 1)).toBeLessThan(5e-3);
    const gradients = (file: SafetensorsFile) => file.names.filter((name) => name.startsWith('grad.')).flatMap((name) => [...file.float32(name)]); // prettier-ignore
    const norm = (values: number[]) => Math.hypot(...values);
    const [a, b] = [gradients(rounded), gradients(expected)];
    expect(norm(a.map((x, i) => x - b[i]!)) / norm(b)).toBeLessThan(0.1);
    expect(loss(rounded) === loss(exact)).toBe(!hasBfloat16);
  });
});
