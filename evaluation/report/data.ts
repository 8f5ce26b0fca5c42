import type { PromptCard } from '../../datasets/card.ts';
import type { Comparison } from '../../common/statistics.ts';
import type { BenchmarkPrompt } from '../../datasets/benchmarks.ts';
import type { CategoryLine } from '../categories.ts';
import type { ControlCurve } from '../control.ts';

/** A comparison as comparisons.json lists it. */
export interface NamedComparison extends Comparison {
  metric: string;
  arm: string;
  against: string;
}

/** What validation prompts chose among. */
export interface Choice {
  chooseBy: string;
  candidates: SweepCandidate[];
  chosen: { step: number; blend: number; unetStep?: number };
}

/** sweep.json */
export interface Sweep extends Choice {
  /**
   * What is handed out, to be used in all steps: `blend` is the weight of the tuned encoder's weights, not of its
   * embeddings. The candidates are of the best few networks in the last steps; the best of them is the network that is
   * chosen. Step 0 is the original.
   */
  exported: Choice;
  /** Likewise for each baseline that was tuned. */
  baselines?: Record<string, Choice>;
}

export interface SweepCandidate {
  /** The training step of the encoder; 0 is the original. */
  step: number;
  /** Weight of the tuned encoder's embeddings. */
  blend: number;
  /** The training step of the UNet; left out where that is the original one. */
  unetStep?: number;
  /** Mean of each metric over the validation prompts. */
  metrics: Record<string, number>;
  /** What the choice is made by; the base has 0. */
  score: number;
  /** Whether no metric is below the base's. */
  eligible: boolean;
}

/** scores.json */
export interface Scores {
  prompts: { id: string; prompt: string }[];
  samplesPerPrompt: number;
  /** By arm and metric: a mean over the samples of each prompt. A prompt without a value (no oracle for it) has null. */
  scores: Record<string, Record<string, (number | null)[]>>;
}

/** benchmarks/NAME.json */
export interface BenchmarkResult extends Scores {
  name: string;
  prompts: BenchmarkPrompt[];
  comparisons: NamedComparison[];
  categories: CategoryLine[];
}

/** transfer.json: the chosen encoder against the original one with a UNet that neither was tuned with. */
export interface Transfer {
  unet: string;
  /** As in {@link Scores}. */
  scores: Scores['scores'];
  comparisons: NamedComparison[];
}

/** pictures.json: the pictures that are kept, the first sample of the first prompts. */
export interface Picture {
  prompt: string;
  /** By arm: the file of the picture, relative to the folder. */
  files: Record<string, string>;
  /** By arm and metric: the score of this very picture. */
  scores: Record<string, Record<string, number>>;
}

/** summary.json of the filter. */
export interface FilterSummary {
  read: number;
  kept: number;
  dropped: Record<string, number>;
  samples?: Record<string, string[]>;
}

/** A stage of a run as the report shows it. */
export interface StageLine {
  name: string;
  status: string;
  seconds: number;
  artifact?: { uri: string; sha256: string; bytes: number } | undefined;
}

/** Everything that a report shows. */
export interface ReportData {
  title: string;
  /** Identity and outcome of the run; left out where only the artifacts are known. */
  run?: { id: string; status: string; stages: StageLine[] } | undefined;
  configuration: unknown;
  filter: FilterSummary;
  /** Left out for a filter of before there were cards. */
  card?: PromptCard | undefined;
  /** Rows of each split. */
  splits: Record<string, number>;
  /** A line a training step: step, loss, reward.NAME, gradientNorm, deltaNorm ... */
  curves: Record<string, number>[];
  /** Likewise of a UNet that was tuned after the encoder. */
  unetCurves?: Record<string, number>[] | undefined;
  sweep: Sweep;
  comparisons: NamedComparison[];
  scores: Scores;
  control: ControlCurve[];
  benchmarks: BenchmarkResult[];
  /** Empty when the run tried no other UNets. */
  transfer: Transfer[];
  /** Names of the rewards that were trained on. */
  trained: string[];
  /** As {@link Picture}, with data URIs for files. */
  pictures: Picture[];
}
