import { historyFromJSON } from '@temporalio/common/lib/proto-utils.js';
import { Worker } from '@temporalio/worker';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { installRuntime } from '../../cli/temporal/connection.ts';
import { workflowsPath } from './environment.ts';

installRuntime(); // which prints no more than errors
const folder = new URL('../fixtures/histories/', import.meta.url);
const names = readdirSync(folder).map((file) => file.replace(/\.json$/, ''));

const replay = (text: string): Promise<void> =>
  Worker.runReplayHistory({ workflowsPath }, historyFromJSON(JSON.parse(text) as unknown), 'replayed');
const read = (name: string): string => readFileSync(new URL(`${name}.json`, folder), 'utf8');

describe('the workflow of today', { timeout: 60_000 }, () => {
  it.each(names)('goes on with a run of an earlier version: %s', async (name) => {
    await replay(read(name));
  });

  it('would be noticed if it did other things', async () => {
    const other = read('run-pipeline-1').replaceAll('"name": "left"', '"name": "another"');
    expect(other).not.toBe(read('run-pipeline-1'));
    await expect(replay(other)).rejects.toThrow('Nondeterminism error');
  });
});
