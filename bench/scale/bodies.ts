import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256, writeFileAtomic } from '../../common/files.ts';
import type { FanOutBody, SegmentBody } from '../../pipeline/stage.ts';

type Items = FanOutBody<{ items: number }, never, never, object>;

export const items: Items['items'] = ({ config }) =>
  Promise.resolve(Array.from({ length: config.items }, (_, i) => `item-${i}`));

export const runItem: Items['runItem'] = async ({ item, output }) => {
  await writeFile(join(output, 'state.txt'), sha256(item));
};

export const gather: Items['gather'] = async ({ items, output }) => {
  const texts: string[] = [];
  for (const folder of Object.values(items)) texts.push(await readFile(join(folder, 'state.txt'), 'utf8'));
  await writeFile(join(output, 'state.txt'), sha256(texts.join('')));
};

/** A trainer that only keeps a checkpoint. */
export const run: SegmentBody<{ segments: number }> = async ({ config, output, scratch, progress }) => {
  const checkpoint = join(scratch, 'checkpoint.json');
  const saved = await readFile(checkpoint, 'utf8').catch(() => '{"step":0,"state":""}');
  const { step, state } = JSON.parse(saved) as { step: number; state: string };
  const next = { step: step + 1, state: sha256(state + step) };
  progress({ step: next.step, total: config.segments });
  if (next.step === config.segments) return writeFile(join(output, 'state.txt'), next.state);
  await writeFileAtomic(checkpoint, JSON.stringify(next));
  return 'checkpoint';
};
