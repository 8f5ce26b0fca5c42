import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from './temporary-folder.ts';
import { filesBelow, unlessStalled, until } from './watchdog.ts';

const soon = { stalledSeconds: 0.05, interval: 5 };

describe('a wait', () => {
  it('goes on for as long as what it looks at changes', async () => {
    let looks = 0;
    // Each look takes longer than nothing may change.
    const look = async () => {
      await new Promise((resolve) => setTimeout(resolve, 60));
      return ++looks;
    };
    expect(await until('the fifth look', look, (seen) => seen === 5, soon)).toBe(5);
  });

  it('goes on for as long as its progress changes', async () => {
    let steps = 0;
    expect(await until('ten steps', () => steps >= 10, Boolean, { ...soon, progress: () => ++steps })).toBe(true);
    const ended = new Promise((resolve) => setTimeout(resolve, 200, 'the end'));
    expect(await unlessStalled('the end', ended, { ...soon, progress: () => ++steps })).toBe('the end');
  });

  it('fails when nothing changes, with what it waited for and the last progress', async () => {
    await expect(
      until(
        'a file',
        () => 'no file',
        (seen) => seen !== 'no file',
        soon,
      ),
    ).rejects.toThrow(
      /^Waited for a file: nothing has changed for \d+\.\d s\. The last progress, 0\.0 s after the start: \{"seen":"no file"\}$/,
    );
    const never = new Promise(() => {});
    await expect(unlessStalled('a process', never, { ...soon, progress: () => ['started'] })).rejects.toThrow(
      /^Waited for a process: nothing has changed .*: \["started"\]$/,
    );
  });

  it('passes on what the promise and the look fail with', async () => {
    await expect(unlessStalled('a process', Promise.reject(new Error('killed')), soon)).rejects.toThrow('killed');
    const look = () => Promise.reject(new Error('no folder'));
    await expect(until('a file', look, Boolean, soon)).rejects.toThrow('no folder');
  });

  it('sees files that come and grow', async () => {
    const folder = await temporaryFolder();
    const states = [await filesBelow(folder)];
    for (const text of ['a', 'ab']) {
      await writeFile(join(folder, 'file'), text);
      states.push(await filesBelow(folder));
    }
    expect(new Set(states.map(String)).size).toBe(3);
    expect(await filesBelow(join(folder, 'nothing'))).toEqual([]);
  });
});
