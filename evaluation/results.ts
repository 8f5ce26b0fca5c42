import type { Comparison } from '../common/statistics.ts';
import type { ResultFile } from '../common/files/result-file.ts';
import type { BenchmarkPrompt } from '../datasets/rules/benchmarks.ts';
import type { StylePhrase } from './arms/style-phrases.ts';

/** One arm on the prompts of one category. */
export interface CategoryLine {
  /** The column by which the prompts are split, and its value. */
  column: string;
  value: string;
  metric: string;
  arm: string;
  /** Number of prompts with a score. */
  n: number;
  mean: number;
  /** Standard deviation of the means of ten groups of consecutive prompts: HPSv2's own measure (10 groups of 80). */
  groupDeviation?: number;
  /** Comparison with the base on the same prompts; absent for the base itself. */
  difference?: Comparison;
}

/** Change of a metric as the tuned encoder's weight grows. */
export interface ControlCurve {
  metric: string;
  /** Weights of the tuned encoder's embeddings, ascending; the first is 0. */
  weights: number[];
  /** Mean over the prompts at each weight. */
  means: number[];
  /** Paired difference from each weight to the next, with its 95 % interval. */
  steps: Comparison[];
  /** Direction of the curve from its first to its last point. */
  direction: 'up' | 'down';
  /** Share of the steps in that direction. */
  share: number;
  /** Whether no step's whole interval lies in the other direction. */
  monotone: boolean;
}

/** An arm against another on a metric. */
export interface NamedComparison extends Comparison {
  metric: string;
  arm: string;
  against: string;
}

/** A choice among candidates, made on validation prompts. */
export interface Choice {
  chooseBy: string;
  candidates: SweepCandidate[];
  chosen: { step: number; blend: number; unetStep?: number };
}

/** The sweep's choices. */
export interface Sweep extends Choice {
  /**
   * The exported encoder, for use in all steps: `blend` is the share of its weight change, not the weight of its
   * embeddings. The candidates belong to the best few networks of the last steps; the best candidate's network
   * becomes the chosen one. Step 0 is the original.
   */
  exported: Choice;
  /** The same for each tuned baseline. */
  baselines?: Record<string, Choice>;
}

export interface SweepCandidate {
  /** Training step of the encoder; 0 is the original. */
  step: number;
  /** Weight of the tuned encoder's embeddings. */
  blend: number;
  /** Training step of the UNet; absent for the original one. */
  unetStep?: number;
  /** Mean of each metric over the validation prompts. */
  metrics: Record<string, number>;
  /** The value that decides the choice; the base has 0. */
  score: number;
  /** Whether no metric is below the base's. */
  eligible: boolean;
}

/** Scores of every arm. */
export interface Scores {
  prompts: { id: string; prompt: string }[];
  samplesPerPrompt: number;
  /**
   * A mean over the samples of each prompt, by arm and metric; null for a prompt without a value (no oracle for it).
   */
  scores: Record<string, Record<string, (number | null)[]>>;
}

/** Results on the prompts of a benchmark. */
export interface BenchmarkResult extends Scores {
  name: string;
  prompts: BenchmarkPrompt[];
  comparisons: NamedComparison[];
  categories: CategoryLine[];
}

/** The chosen encoder against the original one with a UNet that neither was tuned with. */
export interface Transfer {
  unet: string;
  /** As in {@link Scores}. */
  scores: Scores['scores'];
  comparisons: NamedComparison[];
}

/** The kept pictures of a prompt: its first sample, for the first prompts. */
export interface Picture {
  prompt: string;
  /** Path of the picture, relative to the folder, by arm. */
  files: Record<string, string>;
  /** Score of this very picture, by arm and metric. */
  scores: Record<string, Record<string, number>>;
}

/** Effect of appending a phrase on the base model's pictures. */
export interface PhraseGain extends StylePhrase {
  /** Mean gain of the trained rewards, in standard deviations of the base's scores, with its 95 % interval. */
  gain: number;
  ci95: [low: number, high: number];
}

/** A suffix tried on validation prompts. */
export interface SuffixTrial {
  phrases: string[];
  /** The judge's gain over the base. */
  score: number;
}

/** The phrases that prompt engineering measured, tried and chose, and the prompts that it rewrote with them. */
export interface PromptEngineering {
  phrases: PhraseGain[];
  trials: SuffixTrial[];
  chosen: string[];
  /** Rewritten prompt by the original's id, for each arm. */
  rewritten: Record<string, Record<string, string>>;
}

/** Files of the sweep, the evaluation, the transfer and prompt engineering. */
export const SWEEP: ResultFile<Sweep> = { name: 'sweep.json' };
export const SCORES: ResultFile<Scores> = { name: 'scores.json' };
export const COMPARISONS: ResultFile<NamedComparison[]> = { name: 'comparisons.json' };
export const CONTROL: ResultFile<ControlCurve[]> = { name: 'control.json' };
export const PICTURES: ResultFile<Picture[]> = { name: 'pictures.json' };
export const BENCHMARKS = 'benchmarks';
export const benchmarkFile = (name: string): ResultFile<BenchmarkResult> => ({ name: `${BENCHMARKS}/${name}.json` });
export const TRANSFER: ResultFile<Transfer[]> = { name: 'transfer.json' };
export const PROMPT_ENGINEERING: ResultFile<PromptEngineering> = { name: 'prompt-engineering.json' };

/** Names the picture of a prompt. @param folders of the arm, and before it of the UNet that it was tried with */
export const pictureFile = (prompt: number, ...folders: string[]): string =>
  ['images', ...folders, `${String(prompt).padStart(4, '0')}.png`].join('/');
