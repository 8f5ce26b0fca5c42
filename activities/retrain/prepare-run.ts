import { CodeDigests } from '../../pipeline/keys/code-digests.ts';
import { checkConfig } from '../../pipeline/config/config-file.ts';
import type { Home } from '../../pipeline/runs/home.ts';
import { inspectRun } from '../../pipeline/inspection.ts';
import { loadPipeline } from '../../pipeline/load.ts';
import { activeStages } from '../../pipeline/pipeline.ts';
import { plannedStages } from '../../pipeline/runs/planned.ts';
import { production } from '../../registry/aliases.ts';
import { asChampion } from '../../registry/version-folders.ts';
import { Registry } from '../../registry/versions.ts';
import { registrationSettings, type Champion } from '../../pipeline/config/sections/registry-settings.ts';
import { RunRecords } from '../../pipeline/runs/runs.ts';
import { Schedules } from '../../registry/schedules/schedules.ts';
import type { ScheduleFile } from '../../registry/schedules/schedule-files.ts';

/**
 * Creates the record of the run that trains on a batch, with the digests of the planning code: a worker with other code
 * refuses its stages. Called again for the same batch, it returns the same run.
 * @param address of the Temporal server whose workers run it
 * @param environment of the worker, in which the programs that the settings name are looked for
 * @returns the run's id
 * @throws InputError for what a stage would refuse
 */
export async function prepareRun(
  home: Home,
  name: string,
  number: number,
  { address, environment }: { address: string; environment: NodeJS.ProcessEnv },
): Promise<string> {
  const schedules = new Schedules(home);
  const records = new RunRecords(home);
  const batch = await schedules.batch(name, number);
  let { run } = batch;
  if (run === undefined) {
    const schedule = await schedules.recorded(name);
    const pipeline = await loadPipeline(schedule.pipeline);
    const config = await retrainingConfig(home, schedule, await schedules.prompts(name, batch));
    const settings = checkConfig(pipeline.schema, config, `Schedule ${name}`);
    const facts = await inspectRun(pipeline, settings, { environment });
    const planned = await plannedStages(pipeline, settings, new CodeDigests(home.codeDigests), facts);
    const graph = activeStages(pipeline, settings);
    ({ id: run } = await records.create(settings.name, schedule.pipeline, settings, graph, planned));
    await schedules.update(name, { ...batch, run });
  }
  await records.setAddress(run, address);
  return run;
}

/** Returns the schedule's configuration for new prompts, with the version in production as start and as champion. */
async function retrainingConfig(home: Home, { config, warmStart }: ScheduleFile, source: string): Promise<unknown> {
  const { name, registry } = registrationSettings.parse(config);
  const champion = await championOf(home, registry.name ?? name);
  const given = config as Record<string, object>;
  return {
    ...given,
    prompts: { source }, // the other keys describe the files that arrived
    registry: { ...given['registry'], promote: 'auto' },
    ...(champion
      ? {
          champion,
          ...(warmStart ? { tuneEncoder: { ...given['tuneEncoder'], startFrom: champion.encoder } } : {}),
        }
      : {}),
  };
}

async function championOf(home: Home, name: string): Promise<Champion | undefined> {
  const registry = new Registry(home);
  const version = (await registry.aliases(name)).current[production];
  return version === undefined ? undefined : asChampion(home, await registry.version(name, version));
}
