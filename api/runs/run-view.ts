import type { Run } from '../../pipeline/runs/runs.ts';

/** Shows the progress of a run. */
export interface RunView {
  update(run: Run): void;
  /** Shows the last state. */
  end(run: Run): void;
}
