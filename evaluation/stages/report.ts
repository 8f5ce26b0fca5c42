import { join } from 'node:path';
import { writeFileAtomic } from '../../common/files.ts';
import type { StageContext } from '../../pipeline/stage.ts';
import { renderReport, REPORT_FILE } from '../report/report-page.ts';
import { readReportData, type optionalReportInputs, type reportInputs } from '../report/read-run.ts';

export interface ReportConfig {
  /** Name of the configuration. */
  name: string;
  rewards: { name: string; weight: number }[];
}

/**
 * Renders the artifacts as one offline HTML file, report.html. Equal artifacts give an equal file, so it leaves out how
 * long a run took; `textcraftor report` adds that.
 */
export async function run(
  context: StageContext<ReportConfig, (typeof reportInputs)[number], (typeof optionalReportInputs)[number]>,
): Promise<void> {
  const { config, inputs, output } = context;
  const trained = config.rewards.map(({ name }) => name);
  const data = await readReportData(inputs, { title: config.name, configuration: config, trained, run: undefined });
  await writeFileAtomic(join(output, REPORT_FILE), renderReport(data));
}
