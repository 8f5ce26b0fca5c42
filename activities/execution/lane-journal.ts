import type { ItemCounts, RunRecords } from '../../pipeline/runs/runs.ts';

const writeMilliseconds = 500;

/** Records the counts of one lane of a fan-out stage for the live view, a few times a second at most. */
export class LaneJournal {
  readonly #save: (counts: ItemCounts) => Promise<void>;
  #written = 0;
  #writing: Promise<void> = Promise.resolve();

  constructor(records: RunRecords, run: string, stage: string, lane: number) {
    this.#save = (counts) => records.saveLane(run, stage, lane, counts);
  }

  counted(counts: ItemCounts): void {
    if (performance.now() - this.#written < writeMilliseconds) return;
    this.#written = performance.now();
    this.#writing = this.#writing.then(() => this.#save(counts)).catch(() => {}); // only for the view
  }

  async end(counts: ItemCounts): Promise<void> {
    await this.#writing;
    await this.#save(counts);
  }
}
