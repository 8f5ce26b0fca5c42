import type { Workers } from '../../../api/watch/watched-run.ts';
import type { RunStatus, StageFile } from '../../../pipeline/runs/run.ts';

/** How a state looks; a mark and a word go with every color. */
type Tone = 'good' | 'bad' | 'busy' | 'quiet';

/** A state in a mark, a word and a color. */
export interface State {
  mark: string;
  word: string;
  tone: Tone;
}

const sharedStates = {
  running: { mark: '▸', word: 'running', tone: 'busy' },
  failed: { mark: '✗', word: 'failed', tone: 'bad' },
  cancelled: { mark: '✗', word: 'cancelled', tone: 'quiet' },
  interrupted: { mark: '!', word: 'worker lost', tone: 'bad' },
} satisfies Record<string, State>;
const runStates: Record<RunStatus, State> = {
  ...sharedStates,
  paused: { mark: 'Ⅱ', word: 'paused', tone: 'quiet' },
  completed: { mark: '✓', word: 'completed', tone: 'good' },
};
const gamedState: State = { mark: '▼', word: 'gamed', tone: 'bad' };

/** The state of a run; the alarm's verdict comes before the failure that it leads to. */
export const stateOfRun = (status: RunStatus, gamed: boolean): State => (gamed ? gamedState : runStates[status]);

const stageStates: Record<StageFile['status'], State> = {
  ...sharedStates,
  pending: { mark: '·', word: 'waiting', tone: 'quiet' },
  ran: { mark: '✓', word: 'done', tone: 'good' },
  reused: { mark: '↺', word: 'reused', tone: 'good' },
};

/** The state of a stage in its run. */
export function stateOfStage({ status, error }: StageFile, run: RunStatus): State {
  if (error?.name === 'CollapseError') return gamedState;
  if (status === 'running' && run === 'paused') return runStates.paused;
  return stageStates[status];
}

/** Steps done and to do; a stage that fans out counts its items. */
export function progressOf({ progress, items }: StageFile): { done: number; total: number; unit: string } | undefined {
  if (items) return { done: items.done, total: items.total, unit: 'items' };
  if (!progress || !(progress.total > 0)) return undefined;
  const unit = /^(?:\d+ of \d+ )?([a-z]+)(?:,|$)/.exec(progress.message ?? '')?.[1] ?? 'steps';
  return { done: progress.step, total: progress.total, unit };
}

/** A look at a stage's progress. */
export interface Look {
  /** In milliseconds. */
  at: number;
  done: number;
}

/**
 * Estimates the rate from the looks at a stage, and from its start before there are two.
 * @returns units per second and the seconds that are left; undefined before anything was done
 */
export function rateOf(
  looks: readonly Look[],
  { total, startedAt }: { total: number; startedAt?: number | undefined },
): { rate: number; left: number } | undefined {
  const last = looks.at(-1);
  if (!last) return undefined;
  const first =
    looks.find(({ done }) => done < last.done) ?? (startedAt === undefined ? undefined : { at: startedAt, done: 0 });
  if (!first || last.done <= first.done || last.at <= first.at) return undefined;
  const rate = ((last.done - first.done) * 1000) / (last.at - first.at);
  return { rate, left: Math.max(0, total - last.done) / rate };
}

/** Time without any change after which a page says so. */
const STILL_MILLISECONDS = 120_000;

/** Says what a reader has to know of who works on a run; undefined when all is well. */
export function workersSentence(
  {
    workers,
    run,
    address,
    movedAt,
    status,
  }: { workers: Workers; run: string; address?: string; movedAt: string; status: RunStatus },
  now: number,
): string | undefined {
  if (workers === 'gone')
    return `The process that did this run is gone. What it finished is kept; go on with: textcraftor resume ${run}`;
  const still = now - Date.parse(movedAt) > STILL_MILLISECONDS;
  if (status !== 'running' || !still) return undefined;
  return workers === 'server'
    ? `Nothing has moved for ${minutes(now - Date.parse(movedAt))}: perhaps no worker of ${address} is there. Start one with: textcraftor worker`
    : `Nothing has moved for ${minutes(now - Date.parse(movedAt))}; a long step may be why. Its output: textcraftor logs ${run}`;
}

const minutes = (milliseconds: number): string => `${Math.floor(milliseconds / 60_000)} min`;

/** A setting's value on one line. */
export const settingText = (value: unknown): string =>
  value === undefined || value === null ? '–' : typeof value === 'string' ? value : JSON.stringify(value);

/** A time in the reader's own zone: 2026-11-24 10:15. */
export function localTime(iso: string): string {
  const time = new Date(iso);
  const two = (value: number) => String(value).padStart(2, '0');
  const date = [time.getFullYear(), two(time.getMonth() + 1), two(time.getDate())].join('-');
  return `${date} ${two(time.getHours())}:${two(time.getMinutes())}`;
}
