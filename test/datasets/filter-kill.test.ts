import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { writeFileAtomic } from '../../common/files.ts';
import { generateRow } from '../../bench/prompts/generate.ts';
import { Database } from '../../datasets/tables/database.ts';
import { readResult } from '../../common/files/result-file.ts';
import { FILTER_SUMMARY } from '../../datasets/tables/filtered.ts';
import { readManifest } from '../../datasets/shards/shard-manifest.ts';
import { RowWriter } from '../../datasets/tables/prompt-rows.ts';
import type { IngestSummary } from '../../datasets/tables/ingested.ts';
import { emptyFolder, keepAll, shard } from './stage-runner.ts';

const config = { ...keepAll, nearDuplicates: { similarity: 0.65, keep: 1 } };
const shape = { rows: 400, validation: 0.1, test: 0.1 };

/** The output of ingest for a corpus, in several parts. */
async function ingested(): Promise<string> {
  const folder = await emptyFolder();
  await Database.use(await emptyFolder(), async (database) => {
    const writer = new RowWriter(database, folder);
    for (let part = 0; part < 4; part++) {
      const rows = Array.from({ length: 1000 }, (_, i) => part * 1000 + i);
      await writer.append({
        sources: rows.map(() => 'corpus'),
        rows,
        prompts: rows.map((row) => generateRow(9, row).prompt),
        splits: rows.map(() => null),
      });
      await writer.flush();
    }
  });
  const files = [{ name: 'corpus', rows: 4000, malformed: 0, blank: 0 }];
  const read: IngestSummary = { rows: 4000, malformed: 0, samples: [], files, ignored: { files: 0, first: [] } };
  await writeFileAtomic(join(folder, 'summary.json'), JSON.stringify(read));
  return folder;
}

/** Runs the filter in a process, which dies at `at`. @returns whether it did */
async function runUntil(ingest: string, output: string, scratch: string, at?: string): Promise<boolean> {
  const [point, time] = at?.split(' ') ?? [];
  const fault = point && { point, time: Number(time), marker: join(scratch, `killed-${point}`) };
  const given = JSON.stringify({ config, seed: 1, inputs: { ingest }, output, scratch, fault });
  const child = spawn(process.execPath, ['--import', 'tsx', join(import.meta.dirname, 'filter-child.ts'), given], {
    stdio: 'inherit',
  });
  const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
  if (signal === null) expect(code).toBe(0);
  return signal === 'SIGKILL';
}

it('killed at any of its steps, the filter continues, and the shards are those of a run without kills', async () => {
  const ingest = await ingested();
  const outputs = [];
  for (const kills of [[], ['part-judged 2', 'bucket-unique 3', 'bucket-clustered 2']]) {
    const scratch = await emptyFolder();
    const died: boolean[] = [];
    for (const at of [...kills, undefined]) {
      // Like the runner: the scratch folder stays, the output folder is emptied.
      const output = await emptyFolder();
      died.push(await runUntil(ingest, output, scratch, at));
      if (!died.at(-1)) outputs.push(output);
    }
    expect(died).toEqual([...kills.map(() => true), false]);
  }
  const [whole, resumed] = [outputs[0]!, outputs.at(-1)!];
  expect(await readResult(FILTER_SUMMARY, resumed)).toEqual(await readResult(FILTER_SUMMARY, whole));
  expect(await readManifest(await shard(resumed, shape))).toEqual(await readManifest(await shard(whole, shape)));
});
