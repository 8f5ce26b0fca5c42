import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sha256 } from '../../common/files.ts';
import { run as rollout } from '../../training/stages/rollout.ts';
import type { TuneEncoderSettings } from '../../training/stages/tune-encoder.ts';
import { smallPipeline, writeShards } from '../evaluation/small-pipeline.ts';
import { writeHead, writeSmallClip } from '../rewards/small-clip.ts';

/** A folder with a random pipeline, rewards, prompts and a rollout of 6 samples, and the contexts of stages in it. */
export function smallTuning() {
  const folder = mkdtempSync(join(tmpdir(), 'textcraftor-tuning-'));
  const at = (...path: string[]) => join(folder, ...path);
  const sampler = { steps: 4, guidance: 3, gradientSteps: 2 };
  const settings: TuneEncoderSettings = {
    model: at('model'),
    sampler,
    rewards: [
      { name: 'clip', type: 'clip-similarity', model: at('clip'), weight: 10 },
      { name: 'aesthetic', type: 'aesthetic', model: at('clip'), head: at('head.safetensors'), weight: 1 },
    ],
    steps: 7,
    batch: 2,
    learningRate: 1e-2,
    warmup: 2,
    weightDecay: 0.01,
    gradientClip: 1,
    embeddingPull: 0.1,
    checkpointEvery: 3,
    keepEvery: 4,
  };

  function context<C>(config: C, name: string, onProgress: (step: number) => void = () => {}) {
    const controller = new AbortController();
    rmSync(at(name), { recursive: true, force: true });
    for (const path of [at(name), at(`${name}-scratch`)]) mkdirSync(path, { recursive: true });
    const messages: string[] = [];
    const progress = ({ step, message }: { step: number; message?: string }) => {
      if (message) messages.push(message);
      onProgress(step);
    };
    const inputs = { shard: at('shard'), rollout: at('rollout'), 'tune-encoder': at('tuned') };
    return {
      config,
      seed: 3,
      inputs,
      output: at(name),
      scratch: at(`${name}-scratch`),
      progress,
      signal: controller.signal,
      controller,
      messages,
    };
  }

  async function makeInputs(): Promise<void> {
    await smallPipeline(at('model'));
    await writeSmallClip(at('clip'));
    await writeHead(at('head.safetensors'), { '': 1 });
    await writeShards(at('shard'), ['a small red circle', 'two dogs', 'a large blue square on a white background']);
    await rollout(context({ model: at('model'), sampler, prompts: 3, samplesPerPrompt: 2, batch: 4 }, 'rollout'));
  }

  return { at, context, settings, makeInputs, remove: () => rmSync(folder, { recursive: true }) };
}

/** Digests of a folder's files. */
export const digests = (path: string): Record<string, string> =>
  Object.fromEntries(
    readdirSync(path, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .sort()
      .map((file) => [file.slice(path.length), sha256(readFileSync(file))]),
  );
