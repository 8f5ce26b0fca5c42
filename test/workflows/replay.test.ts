import { historyFromJSON } from '@temporalio/common/lib/proto-utils.js';
import { bundleWorkflowCode, DefaultLogger, Worker } from '@temporalio/worker';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { installRuntime } from '../../temporal/connection.ts';
import { workflowsPath } from './environment.ts';

installRuntime(); // which prints only errors
const folder = new URL('../fixtures/histories/', import.meta.url);
const names = readdirSync(folder).map((file) => file.replace(/\.json$/, ''));

const changed = fileURLToPath(new URL('../fixtures/workflows/changed.ts', import.meta.url));

const bundles = new Map<string, Promise<{ code: string }>>();
async function replay(text: string, path = workflowsPath): Promise<void> {
  if (!bundles.has(path))
    bundles.set(path, bundleWorkflowCode({ workflowsPath: path, logger: new DefaultLogger('ERROR') }));
  const workflowBundle = await bundles.get(path)!;
  await Worker.runReplayHistory({ workflowBundle }, historyFromJSON(JSON.parse(text) as unknown), 'replayed');
}
const read = (name: string): string => readFileSync(new URL(`${name}.json`, folder), 'utf8');

describe('the current workflow', () => {
  it('has no path of a machine in its histories', () => {
    for (const name of names) expect(read(name)).not.toMatch(/file:\/\/\/\w|\/(home|work|root|Users|tmp)\//);
  });

  it.each(names)('continues a run of an earlier version: %s', async (name) => {
    await replay(read(name));
  });

  it.each(names)('would be noticed if it did other things: %s', async (name) => {
    await expect(replay(read(name), changed)).rejects.toThrow('Nondeterminism error');
  });

  it('is noticed when the graph differs', async () => {
    const other = read('run-pipeline-1').replaceAll('"name": "left"', '"name": "another"');
    expect(other).not.toBe(read('run-pipeline-1'));
    await expect(replay(other)).rejects.toThrow('Nondeterminism error');
  });
});
