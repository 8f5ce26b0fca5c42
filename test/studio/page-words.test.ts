import { describe, expect, it } from 'vitest';
import { addressOf, routeOf } from '../../studio/page/data/addresses.ts';
import { directInputs } from '../../studio/page/data/graph-layout.ts';
import { commandsOf } from '../../studio/page/data/run-commands.ts';
import { progressOf, rateOf, stateOfStage, workersSentence } from '../../studio/page/data/state-words.ts';

const at = (path: string) => routeOf(new URL(path, 'http://127.0.0.1:4040'));

describe('addresses', () => {
  it('name screens and are read back', () => {
    expect(at('/')).toEqual({ screen: 'runs' });
    expect(at(addressOf.run('a b'))).toEqual({ screen: 'run', run: 'a b' });
    expect(at(addressOf.result('a'))).toEqual({ screen: 'result', run: 'a' });
    expect(at(addressOf.compare(['a', 'b&c']))).toEqual({ screen: 'compare', runs: ['a', 'b&c'] });
    expect(at(addressOf.study('s'))).toEqual({ screen: 'study', study: 's' });
    expect(at(addressOf.vote('s', 'anna'))).toEqual({ screen: 'vote', study: 's' });
  });

  it.each(['/runs', '/runs/a/else', '/runs/a/result/more', '/elsewhere', '/studies/a/b', '/%E0'])(
    '%s is none',
    (path) => {
      expect(at(path)).toEqual({ screen: 'unknown' });
    },
  );
});

it('a drawing leaves out lines from inputs of inputs', () => {
  const graph = [
    { name: 'shard', inputs: [] },
    { name: 'rollout', inputs: ['shard'] },
    { name: 'tune', inputs: ['shard', 'rollout'] },
  ];
  expect(directInputs(graph).get('tune')).toEqual(['rollout']);
});

it('a rate is that of the looks, and before there are two that since the start', () => {
  expect(rateOf([], { total: 10 })).toBeUndefined();
  expect(rateOf([{ at: 10_000, done: 5 }], { total: 10, startedAt: 0 })).toEqual({ rate: 0.5, left: 10 });
  const looks = [
    { at: 10_000, done: 5 },
    { at: 11_000, done: 7 },
  ];
  expect(rateOf(looks, { total: 10, startedAt: 0 })).toEqual({ rate: 2, left: 1.5 });
});

it.each([
  ['12 of 40 pictures', 'pictures'],
  ['pictures', 'pictures'],
  ['12 of 40 steps, loss -3', 'steps'],
  ['Reading the model', 'steps'],
])('progress with the message "%s" counts %s', (message, unit) => {
  const stage = { name: 'sweep', status: 'running', seconds: 1, progress: { step: 12, total: 40, message } } as const;
  expect(progressOf(stage)).toEqual({ done: 12, total: 40, unit });
});

it('a stage is gamed when its alarm stopped it, and paused with its run', () => {
  const stage = { name: 'tune-encoder', status: 'failed', seconds: 1 } as const;
  expect(stateOfStage({ ...stage, error: { name: 'CollapseError', message: '' } }, 'failed').word).toBe('gamed');
  expect(stateOfStage({ ...stage, status: 'running' }, 'paused').word).toBe('paused');
});

it('a page says who does not work, and what to type', () => {
  const run = { run: 'a', movedAt: '2026-11-24T10:00:00Z', status: 'running', address: 'temporal:7233' } as const;
  const later = (minutes: number) => Date.parse(run.movedAt) + 60_000 * minutes;
  expect(workersSentence({ ...run, workers: 'gone' }, later(0))).toContain('textcraftor resume a');
  expect(workersSentence({ ...run, workers: 'server' }, later(1))).toBeUndefined();
  expect(workersSentence({ ...run, workers: 'server' }, later(3))).toContain('no worker of temporal:7233');
  expect(commandsOf({ run: 'a', status: 'paused', stages: [] })[0]!.command).toBe('npx textcraftor resume a');
  expect(commandsOf({ run: 'a', status: 'running', stages: [] }).map(({ command }) => command)).toContain(
    'npx textcraftor pause a',
  );
});
