import type { Run } from '../../pipeline/runs/runs.ts';

/** Shows how a run goes on. */
export interface RunView {
  update(run: Run): void;
  /** The last state; nothing is shown after it. */
  end(run: Run): void;
}
