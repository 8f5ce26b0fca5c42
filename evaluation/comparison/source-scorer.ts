import { join } from 'node:path';
import type { Progress } from '../../pipeline/stage.ts';
import type { ArmScores } from './experiment.ts';
import { runSources, type SourceExperiment } from './run-sources.ts';

export interface ScorerOptions extends Pick<SourceExperiment, 'generator' | 'judge' | 'samplesPerPrompt' | 'signal'> {
  /** Number of pictures of all experiments. */
  total: number;
  progress(progress: Progress): void;
  /** Folder of the experiments' journals. */
  scratch: string;
}

/** Runs a stage's experiments one after the other, and reports progress over all of them. */
export class SourceScorer {
  readonly #options: ScorerOptions;
  #before = 0;

  constructor(options: ScorerOptions) {
    this.#options = options;
  }

  /** @param experiment.journal name of its file of results of earlier attempts */
  async score(
    experiment: Pick<SourceExperiment, 'prompts' | 'original' | 'sources' | 'journal' | 'keep'>,
  ): Promise<ArmScores> {
    const { total, progress, scratch, ...shared } = this.#options;
    const { prompts, sources } = experiment;
    const before = this.#before;
    const scores = await runSources({
      ...shared,
      ...experiment,
      progress: (done) => progress({ step: before + done, total, message: `${before + done} of ${total} pictures` }),
      journal: join(scratch, experiment.journal),
    });
    this.#before += prompts.length * shared.samplesPerPrompt * sources.length;
    return scores;
  }
}
