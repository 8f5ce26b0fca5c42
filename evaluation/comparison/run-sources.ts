import type { ArmSource } from '../arms/arms.ts';
import { runExperiment, type ArmScores, type Experiment } from './experiment.ts';
import { ExperimentJournal } from './picture-journal.ts';

export interface SourceExperiment extends Omit<Experiment, 'arms' | 'journal'> {
  sources: readonly ArmSource[];
  /** File of the results of earlier attempts. */
  journal: string;
}

/** Runs an experiment on the arms that the sources make for its prompts. */
export async function runSources({ sources, journal, ...experiment }: SourceExperiment): Promise<ArmScores> {
  const { prompts, original } = experiment;
  return runExperiment({
    ...experiment,
    arms: await Promise.all(sources.map((source) => source.of({ prompts, original }))),
    journal: await ExperimentJournal.open(journal),
  });
}
