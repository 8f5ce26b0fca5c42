import { InvalidArgumentError, Option, type Command } from 'commander';
import { addSetOption } from '../run/run-options.ts';
import { answer } from '../print.ts';
import { collect, whole } from '../values.ts';
import type { TimingOptions } from '../schedule/timing.ts';

interface CreateOptions extends TimingOptions {
  config: string;
  prompts?: string;
  pipeline?: string;
  set: string[];
  atLeast: number;
  cold?: true;
  paused?: true;
  json?: true;
}

interface Json {
  json?: true;
}

function day(text: string): string {
  if (/^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(text))) return text;
  throw new InvalidArgumentError('Expected a day such as 2026-11-24.');
}

const load = async () => {
  const { projectHome } = await import('../project-home.ts');
  const { configuredServer } = await import('../../temporal/server/server-connection.ts');
  return {
    ...(await import('../../api/schedules/manage-schedules.ts')),
    home: projectHome(),
    server: configuredServer(process.env),
  };
};

/** Adds `textcraftor schedule`. */
export function register(program: Command): void {
  const schedule = program.command('schedule').description('retrain on new prompts as they arrive');
  addCreate(schedule);
  addList(schedule);
  addShow(schedule);
  addPause(schedule);
  addUnpause(schedule);
  addTrigger(schedule);
  addBackfill(schedule);
  addDelete(schedule);
}

function addCreate(schedule: Command): void {
  addSetOption(
    schedule
      .command('create')
      .description('retrain at set times on prompts that arrived in the folder of prompts.source')
      .argument('<name>', 'a word of lower-case letters, digits and hyphens')
      .requiredOption('--config <file>', 'the configuration of each retraining: a YAML file')
      .option('--cron <fields>', "times, such as '0 3 * * *'; may be repeated", collect)
      .addOption(new Option('--every <time>', 'interval: 90s, 1m, 6h, 7d').conflicts(['cron', 'timezone']))
      .option('--timezone <name>', 'time zone of --cron, such as Europe/Berlin (default: UTC)')
      .option('--prompts <path>', 'the folder, file or pattern where prompts arrive, instead of prompts.source')
      .option('--pipeline <file>', 'another pipeline: a module that exports `pipeline`')
      .option(
        '--overlap <policy>',
        'if the previous retraining still runs: skip, buffer-one, buffer-all, cancel-other, terminate-other, allow-all',
        'skip',
      )
      .option(
        '--catchup <time>',
        'how long after its time a start missed while the server was away is made up for',
        '7d',
      )
      .option('--at-least <n>', 'wait for at least n new prompts', whole(1, 10_000_000_000), 1)
      .option('--cold', 'start from the original encoder instead of the version in production')
      .option('--paused', 'do nothing until it is unpaused')
      .option('--json', 'print one JSON object: {name, paused}'),
  ).action(async (name: string, options: CreateOptions) => {
    const { createSchedule } = await import('../../api/schedules/create-schedule.ts');
    const { timingOf } = await import('../schedule/timing.ts');
    const { hubOptions } = await import('../hub-options.ts');
    const { home, server } = await load();
    const { config: file, prompts, set, pipeline, atLeast: minimumPrompts, cold, paused } = options;
    const configuration = { file, prompts, set, pipeline, folder: process.cwd(), hub: hubOptions() };
    const timing = timingOf(options);
    await createSchedule(
      home,
      { name, configuration, timing, minimumPrompts, warmStart: !cold, paused, environment: process.env },
      server,
    );
    answer(
      options.json,
      { name, paused: paused ?? false },
      `Schedule ${name} is ${paused ? 'set, but paused' : 'set'}; see: textcraftor schedule show ${name}`,
    );
  });
}

function addList(schedule: Command): void {
  schedule
    .command('list')
    .description('list the schedules of this project')
    .option('--json', 'print one JSON object: {schedules: [...]}')
    .action(async ({ json }: Json) => {
      const { formatSchedules } = await import('../schedule/format-schedule.ts');
      const { home, server, listSchedules } = await load();
      const schedules = await listSchedules(home, server);
      answer(json, { schedules }, formatSchedules(schedules));
    });
}

function addShow(schedule: Command): void {
  schedule
    .command('show')
    .description('show its next times and the results of its retrainings')
    .argument('<name>')
    .option('--json', 'print one JSON object: {name, paused, next, running, recent, missed, skipped, batches, ...}')
    .action(async (name: string, { json }: Json) => {
      const { formatSchedule } = await import('../schedule/format-schedule.ts');
      const { home, server, showSchedule } = await load();
      const shown = await showSchedule(home, name, server);
      answer(json, shown, formatSchedule(shown));
    });
}

function addPause(schedule: Command): void {
  schedule
    .command('pause')
    .description('start no new retraining; a running one continues')
    .argument('<name>')
    .option('--note <text>', 'the reason', 'by textcraftor schedule pause')
    .option('--json', 'print one JSON object: {name, paused, note}')
    .action(async (name: string, { note, json }: Json & { note: string }) => {
      const { home, server, pauseSchedule } = await load();
      await pauseSchedule(home, name, note, server);
      answer(
        json,
        { name, paused: true, note },
        `Schedule ${name} is paused; continue with: textcraftor schedule unpause ${name}`,
      );
    });
}

function addUnpause(schedule: Command): void {
  schedule
    .command('unpause')
    .description('continue after a pause')
    .argument('<name>')
    .option('--json', 'print one JSON object: {name, paused}')
    .action(async (name: string, { json }: Json) => {
      const { home, server, unpauseSchedule } = await load();
      await unpauseSchedule(home, name, server);
      answer(json, { name, paused: false }, `Schedule ${name} is unpaused.`);
    });
}

function addTrigger(schedule: Command): void {
  schedule
    .command('trigger')
    .description('retrain now')
    .argument('<name>')
    .option('--json', 'print one JSON object: {name, triggered}')
    .action(async (name: string, { json }: Json) => {
      const { home, server, triggerSchedule } = await load();
      await triggerSchedule(home, name, server);
      answer(json, { name, triggered: true }, `Schedule ${name} starts now; see: textcraftor schedule show ${name}`);
    });
}

function addBackfill(schedule: Command): void {
  schedule
    .command('backfill')
    .description('retrain day by day on files whose names contain a day of a range')
    .argument('<name>')
    .requiredOption('--from <day>', 'the first day, such as 2026-11-01', day)
    .requiredOption('--to <day>', 'the last', day)
    .option('--json', 'print one JSON object: {workflow, partitions: [...]}')
    .action(async (name: string, { from, to, json }: Json & { from: string; to: string }) => {
      const { home, server, backfillSchedule } = await load();
      const started = await backfillSchedule(home, name, { from, to }, server);
      const { workflow, partitions } = started;
      answer(
        json,
        started,
        `${workflow} retrains on ${partitions.length} days, one after the other; see: textcraftor schedule show ${name}`,
      );
    });
}

function addDelete(schedule: Command): void {
  schedule
    .command('delete')
    .description('delete the schedule and its record of used prompts; a running retraining continues')
    .argument('<name>')
    .option('--json', 'print one JSON object: {name, deleted}')
    .action(async (name: string, { json }: Json) => {
      const { home, server, deleteSchedule } = await load();
      await deleteSchedule(home, name, server);
      answer(json, { name, deleted: true }, `Schedule ${name} is deleted.`);
    });
}
