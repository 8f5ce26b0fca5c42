import type { RunView } from '../../api/runs/run-view.ts';
import { visibleLine } from '../../common/text/visible.ts';
import type { Run, StageFile } from '../../pipeline/runs/runs.ts';
import type { Progress } from '../../pipeline/stage.ts';
import { formatBytes, formatSeconds } from '../../common/text/format.ts';

/** Interval of the lines of a running stage, in logs. */
const plainSeconds = 10;

/** Prints a line when a stage starts, every few seconds while it runs, and when it ends. */
export class PlainView implements RunView {
  readonly #write: (line: string) => void;
  readonly #shown = new Map<string, { state: string; at: number; step: number }>();

  constructor(write: (line: string) => void) {
    this.#write = write;
  }

  update(run: Run): void {
    for (const stage of run.stages) this.#stage(stage);
  }

  end(run: Run): void {
    this.update(run);
  }

  #stage(stage: StageFile): void {
    if (stage.status === 'pending') return;
    const state = `${stage.status} ${stage.attempt ?? 1}`;
    const shown = this.#shown.get(stage.name);
    const step = stage.items?.done ?? stage.progress?.step ?? -1;
    const waits = shown && (performance.now() - shown.at < plainSeconds * 1000 || step === shown.step);
    if (shown?.state === state && (stage.status !== 'running' || waits)) return;
    // A cached result is found at once, so the look-up is not worth a line.
    if (stage.status === 'running' && !stage.why && !stage.progress && !stage.items) return;
    this.#shown.set(stage.name, { state, at: performance.now(), step });
    this.#write(`${stage.name.padEnd(14)} ${describeStage(stage)}`);
  }
}

/** Shows one line per stage, redrawn in place. */
export class LiveView implements RunView {
  readonly #out: NodeJS.WriteStream;
  #drawn: string[] = [];

  constructor(out: NodeJS.WriteStream) {
    this.#out = out;
  }

  update(run: Run): void {
    const width = this.#out.columns || 80;
    const lines = run.stages.map((stage) =>
      visibleLine(`${mark(stage)} ${stage.name.padEnd(14)} ${describeStage(stage)}`).slice(0, width - 1),
    );
    if (lines.join('\n') === this.#drawn.join('\n')) return;
    const up = this.#drawn.length > 0 ? `\x1b[${this.#drawn.length}A` : '';
    this.#out.write(up + lines.map((line) => `\x1b[2K${line}\n`).join(''));
    this.#drawn = lines;
  }

  end(run: Run): void {
    this.update(run);
  }
}

const marks: Record<StageFile['status'], string> = {
  pending: '·',
  running: '▸',
  ran: '✓',
  reused: '✓',
  failed: '✗',
  cancelled: '✗',
  interrupted: '✗',
};

function mark(stage: StageFile): string {
  return marks[stage.status];
}

/** Describes the status of a stage. */
export function describeStage(stage: StageFile): string {
  const { status, why, artifact, progress, error } = stage;
  const made = artifact ? `, ${artifact.sha256.slice(0, 12)}, ${formatBytes(artifact.bytes)}` : '';
  switch (status) {
    case 'pending':
      return '';
    case 'running':
      return [
        stage.attempt && stage.attempt > 1 ? `attempt ${stage.attempt}` : '',
        stage.items || progress ? describeProgress(stage) : `runs: ${why ?? 'looks for a result'}`,
      ]
        .filter(Boolean)
        .join(', ');
    case 'ran':
      return (
        [`ran in ${formatSeconds(stage.seconds)}`, ...describeReuse(stage), ...describeLoss(stage)].join(', ') + made
      );
    case 'reused':
      return `reused, ${why ?? 'made earlier'}${made}`;
    case 'failed':
      return `failed: ${error?.message ?? 'for an unknown reason'}`;
    case 'cancelled':
    case 'interrupted':
      return `${status}${progress ? ` at step ${progress.step} of ${progress.total}` : ''}`;
  }
}

/** Counts the items of a fan-out stage, and those reused. */
function describeReuse({ items }: StageFile): string[] {
  return items ? [`${items.done} items${items.reused > 0 ? `, ${items.reused} of them reused` : ''}`] : [];
}

/** Describes the share of a stage's time spent on checkpoints, heartbeats and the like; empty for short stages. */
function describeLoss({ seconds, bodySeconds, items }: StageFile): string[] {
  if (items || bodySeconds === undefined || seconds < 10) return [];
  return [`${((100 * Math.max(0, seconds - bodySeconds)) / bodySeconds).toFixed(1)} % more than its own work`];
}

/** Describes progress; items count like steps. */
function progressOf({ progress, items }: StageFile): Progress {
  if (!items) return progress!;
  const { done: step, total, reused, rows, bytes } = items;
  const metrics = Object.fromEntries(Object.entries({ reused, rows, bytes }).filter(([, value]) => value > 0));
  return { step, total, message: 'items', metrics };
}

function describeProgress(stage: StageFile): string {
  const { startedAt } = stage;
  const { step, total, message = '', metrics = {} } = progressOf(stage);
  const seconds = startedAt === undefined ? 0 : (Date.now() - Date.parse(startedAt)) / 1000;
  const values = Object.entries(metrics).map(
    ([name, value]) => `${name} ${name === 'bytes' ? formatBytes(value) : Number(value.toPrecision(4))}`,
  );
  return [...describeCount(step, total, message), ...values, formatSeconds(seconds)].join(', ');
}

/** A message may be the unit of the count, or include the count itself. */
function describeCount(step: number, total: number, message: string): string[] {
  if (message === 'bytes') return [`${formatBytes(step)} of ${formatBytes(total)}`];
  const count = `${step} of ${total}`;
  if (total === 0 || message.includes(count)) return [message].filter(Boolean);
  if (/^[a-z]+$/.test(message)) return [`${count} ${message}`];
  return [`step ${count}`, message].filter(Boolean);
}
