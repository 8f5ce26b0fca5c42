import type { RunView } from '../../api/runs/run-view.ts';
import { visibleLine } from '../../common/text/visible.ts';
import type { Run, RunStatus, StageFile } from '../../pipeline/runs/runs.ts';
import { colorStates } from '../color.ts';
import { Pace, type Speed } from '../progress/pace.ts';
import { bar, fit } from '../progress/progress-bar.ts';
import { describeStage, markOf, progressOf, shownStatus } from './describe-stage.ts';

/** Interval of the lines of a running stage, in logs. */
const plainSeconds = 10;

/** Takes a stage's progress, and returns its speed. */
function speedOf(pace: Pace, stage: StageFile): Speed | undefined {
  const progress = stage.status === 'running' ? progressOf(stage) : undefined;
  if (!progress || progress.total === 0) return undefined;
  return pace.observe(`${stage.name} ${stage.attempt ?? 1}`, progress.step, progress.total);
}

/** Prints a line when a stage starts, every few seconds while it runs, and when it ends. */
export class PlainView implements RunView {
  readonly #write: (line: string) => void;
  readonly #shown = new Map<string, { state: string; at: number; step: number }>();
  readonly #pace = new Pace();

  constructor(write: (line: string) => void) {
    this.#write = write;
  }

  update(run: Run): void {
    for (const stage of run.stages) this.#stage(stage, run.status);
  }

  end(run: Run): void {
    this.update(run);
  }

  #stage(stage: StageFile, run: RunStatus): void {
    if (stage.status === 'pending') return;
    const status = shownStatus(stage, run);
    if (status === 'stopped') return; // soon it is paused or cancelled
    const speed = speedOf(this.#pace, stage);
    const state = `${status} ${stage.attempt ?? 1}`;
    const shown = this.#shown.get(stage.name);
    const step = stage.items?.done ?? stage.progress?.step ?? -1;
    const waits = shown && (performance.now() - shown.at < plainSeconds * 1000 || step === shown.step);
    if (shown?.state === state && (stage.status !== 'running' || waits)) return;
    // A cached result is found at once, so the look-up is not worth a line.
    if (stage.status === 'running' && !stage.why && !stage.progress && !stage.items) return;
    this.#shown.set(stage.name, { state, at: performance.now(), step });
    this.#write(`${stage.name.padEnd(14)} ${describeStage(stage, run, speed)}`);
  }
}

/** Shows one line per stage, redrawn in place: a bar for a running one, and what matters most before what may be cut. */
export class LiveView implements RunView {
  readonly #out: NodeJS.WriteStream;
  readonly #pace = new Pace();
  #drawn: string[] = [];

  constructor(out: NodeJS.WriteStream) {
    this.#out = out;
  }

  update(run: Run): void {
    const width = (this.#out.columns || 80) - 1;
    const lines = run.stages.map((stage) => fit(visibleLine(this.#line(stage, run.status)), width));
    if (lines.join('\n') === this.#drawn.join('\n')) return;
    const up = this.#drawn.length > 0 ? `\x1b[${this.#drawn.length}A` : '';
    this.#out.write(up + lines.map((line) => `\x1b[2K${colorStates(line, this.#out)}\n`).join(''));
    this.#drawn = lines;
  }

  end(run: Run): void {
    this.update(run);
  }

  #line(stage: StageFile, run: RunStatus): string {
    const progress = stage.status === 'running' ? progressOf(stage) : undefined;
    const drawn = progress && progress.total > 0 ? `${bar(progress.step, progress.total)} ` : '';
    const described = describeStage(stage, run, speedOf(this.#pace, stage));
    return `${markOf(shownStatus(stage, run))} ${stage.name.padEnd(14)} ${drawn}${described}`;
  }
}
