import type { Picture, Transfer, BenchmarkResult, Scores, Sweep, NamedComparison, ControlCurve } from '../results.ts';
import type { Styles } from '../styles/style-results.ts';
import type { FilterSummary } from '../../datasets/tables/filtered.ts';
import type { PromptCard } from '../../datasets/tables/dataset-card.ts';

/** Counts of the filter; a result of an older version may lack samples. */
export type ReportedFilter = Pick<FilterSummary, 'read' | 'kept'> & {
  dropped: Record<string, number>;
  samples?: Record<string, string[]>;
};

/** A stage of a run as the report shows it. */
interface StageLine {
  name: string;
  status: string;
  seconds: number;
  artifact?: { uri: string; sha256: string; bytes: number } | undefined;
}

/** Everything that a report shows. */
export interface ReportData {
  title: string;
  /** Identity and outcome of the run; absent if only the artifacts are known. */
  run?: { id: string; status: string; stages: StageLine[] } | undefined;
  configuration: unknown;
  filter: ReportedFilter;
  /** Absent for a filter result older than data cards. */
  card?: PromptCard | undefined;
  /** Rows of each split. */
  splits: Record<string, number>;
  /** A line per training step: step, loss, reward.NAME, gradientNorm, deltaNorm ... */
  curves: Record<string, number>[];
  /** The same for a UNet that was tuned after the encoder. */
  unetCurves?: Record<string, number>[] | undefined;
  sweep: Sweep;
  comparisons: NamedComparison[];
  scores: Scores;
  control: ControlCurve[];
  benchmarks: BenchmarkResult[];
  /** Empty if the run tried no other UNets. */
  transfer: Transfer[];
  /** With data URIs for files; absent if the run blended no styles. */
  styles?: Styles | undefined;
  /** Names of the rewards that were trained on. */
  trained: string[];
  /** Like {@link Picture}, with data URIs for files. */
  pictures: Picture[];
}
