import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CancelledError, CollapseError } from '../../../common/errors.ts';
import { run as tuneEncoder } from '../../../training/stages/tune-encoder.ts';
import { digests, smallTuning } from '../small-tuning.ts';

const { at, context, settings: plain, makeInputs, remove } = smallTuning();
beforeAll(makeInputs);
afterAll(remove);

const alarm = { every: 2, prompts: 3, samplesPerPrompt: 2, diversity: 1, similarity: 100, attributes: 1 };
const heldOut = { type: 'aesthetic', model: at('clip'), head: at('head.safetensors') };
const settings = { ...plain, steps: 6, checkpointEvery: 3, keepEvery: 6, alarm, heldOut };
const looks = (name: string) =>
  readFileSync(at(name, 'validation.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, number>);

describe('the alarm', () => {
  it('watches validation prompts without affecting tuning', async () => {
    await tuneEncoder(context({ ...settings, alarm: undefined }, 'unwatched'));
    await tuneEncoder(context(settings, 'watched'));
    const encoders = (name: string) =>
      Object.entries(digests(at(name))).filter(([file]) => /encoder|metrics/.test(file));
    expect(encoders('watched')).toEqual(encoders('unwatched'));
    expect(looks('watched').map(({ step }) => step)).toEqual([0, 2, 4, 6]);
    const measures = ['aesthetic', 'attributes', 'clip', 'diversity', 'heldOut', 'oracle', 'total'];
    expect(Object.keys(looks('watched')[0]!)).toEqual(expect.arrayContaining(measures));
    const { clip, aesthetic, total } = looks('watched')[2]!;
    expect(total).toBeCloseTo(10 * clip! + aesthetic!, 3);
  });

  it('continues after a stop as if there had been none', async () => {
    const stop = new AbortController();
    const first = { ...context(settings, 'resumed', (step) => step === 4 && stop.abort()), signal: stop.signal };
    await expect(tuneEncoder(first)).rejects.toThrow(CancelledError);
    const again = context(settings, 'resumed');
    await tuneEncoder({ ...again, scratch: first.scratch });
    expect(digests(at('resumed'))).toEqual(digests(at('watched')));
  });

  it('stops a run whose rewards rise while a guard falls, and names it', async () => {
    // Every guard that is not far above the base counts as fallen.
    const strict = { ...settings, steps: 30, alarm: { ...alarm, every: 15, similarity: -100 } };
    const error: unknown = await tuneEncoder(context(strict, 'gamed')).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(CollapseError);
    expect((error as Error).message).toMatch(
      /gamed at step (15|30): their weighted sum rose by .* while (heldOut|clip) fell by .* on 3 validation prompts/,
    );
  });

  it('ends tuning that has not improved for long, at the same step each time', async () => {
    // Tuned away from its judge, the base stays the best.
    const [clip, aesthetic] = settings.rewards;
    const rewards = [
      { ...clip!, weight: 0 },
      { ...aesthetic!, weight: -1 },
    ];
    await tuneEncoder(context({ ...settings, rewards, alarm: { ...alarm, patience: 1 } }, 'patient'));
    const { steps, rewardEvaluations } = JSON.parse(readFileSync(at('patient', 'summary.json'), 'utf8')) as Record<
      string,
      number
    >;
    expect(steps).toBeLessThan(6);
    expect(rewardEvaluations).toBe(2 * steps!);
    expect(looks('patient').at(-1)!['step']).toBe(steps);
    expect(Object.keys(digests(at('patient'))).some((file) => file.includes(`step-00000${steps}`))).toBe(true);
  });
});
