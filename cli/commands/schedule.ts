import { InvalidArgumentError, Option, type Command } from 'commander';
import { addSetOption } from '../run/run-options.ts';
import type { CreateOptions } from '../schedule/create-schedule.ts';
import type { ScheduleControl } from '../schedule/show-schedules.ts';
import { print } from '../print.ts';
import { collect } from '../values.ts';

interface Json {
  json?: true;
}

function day(text: string): string {
  if (/^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(text))) return text;
  throw new InvalidArgumentError('Expected a day such as 2026-11-24.');
}

function count(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  throw new InvalidArgumentError('Expected a positive integer.');
}

/** Calls `use` with the schedules of this project, on the server that holds them. */
async function withControl<Result>(act: (control: ScheduleControl) => Promise<Result>): Promise<Result> {
  const { projectHome } = await import('../project-home.ts');
  const { scheduleServer } = await import('../schedule/schedule-server.ts');
  const { ScheduleControl } = await import('../schedule/show-schedules.ts');
  const home = projectHome();
  const server = await scheduleServer(home);
  try {
    return await act(new ScheduleControl(server, home));
  } finally {
    await server.close();
  }
}

/** Adds `textcraftor schedule`. */
export function register(program: Command): void {
  const schedule = program.command('schedule').description('retrain on new prompts as they arrive');
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
      .option('--catchup <time>', 'how late a start that was missed while the server was away is made up for', '7d')
      .option('--at-least <n>', 'wait for at least n new prompts', count, 1)
      .option('--cold', 'start from the original encoder instead of the version in production')
      .option('--paused', 'do nothing until it is unpaused'),
  ).action(async (name: string, options: CreateOptions) => {
    const { createSchedule } = await import('../schedule/create-schedule.ts');
    await withControl((control) => createSchedule(control, name, options));
    print(`Schedule ${name} is ${options.paused ? 'set, but paused' : 'set'}; see: textcraftor schedule show ${name}`);
  });
  schedule
    .command('list')
    .description('list the schedules of this project')
    .option('--json', 'print one JSON object: {schedules: [...]}')
    .action(async ({ json }: Json) => {
      const { formatSchedules } = await import('../schedule/format-schedule.ts');
      const schedules = await withControl((control) => control.list());
      print(json ? JSON.stringify({ schedules }, null, 2) : formatSchedules(schedules));
    });
  schedule
    .command('show')
    .description('show its next times and the results of its retrainings')
    .argument('<name>')
    .option('--json', 'print one JSON object: {name, paused, next, running, recent, missed, skipped, batches, ...}')
    .action(async (name: string, { json }: Json) => {
      const { formatSchedule } = await import('../schedule/format-schedule.ts');
      const [state, record, batches] = await withControl(async (control) => [
        await control.state(name),
        await control.record(name),
        await control.batches(name),
      ]);
      const { publicConfig } = await import('../../registry/notify/notify-secrets.ts');
      const shown = { ...record, config: publicConfig(record.config), ...state, batches };
      print(json ? JSON.stringify(shown, null, 2) : formatSchedule(state, record, batches));
    });
  schedule
    .command('pause')
    .description('start no new retraining; a running one continues')
    .argument('<name>')
    .option('--note <text>', 'the reason', 'by textcraftor schedule pause')
    .action(async (name: string, { note }: { note: string }) => {
      await withControl((control) => control.pause(name, note));
      print(`Schedule ${name} is paused; continue with: textcraftor schedule unpause ${name}`);
    });
  schedule
    .command('unpause')
    .description('continue after a pause')
    .argument('<name>')
    .action(async (name: string) => {
      await withControl((control) => control.unpause(name));
      print(`Schedule ${name} is unpaused.`);
    });
  schedule
    .command('trigger')
    .description('retrain now')
    .argument('<name>')
    .action(async (name: string) => {
      await withControl((control) => control.trigger(name));
      print(`Schedule ${name} starts now; see: textcraftor schedule show ${name}`);
    });
  schedule
    .command('backfill')
    .description('retrain day by day on files whose names contain a day of a range')
    .argument('<name>')
    .requiredOption('--from <day>', 'the first day, such as 2026-11-01', day)
    .requiredOption('--to <day>', 'the last', day)
    .option('--json', 'print one JSON object: {workflow, partitions: [...]}')
    .action(async (name: string, { from, to, json }: Json & { from: string; to: string }) => {
      const started = await withControl((control) => control.backfill(name, from, to));
      const { workflow, partitions } = started;
      print(
        json
          ? JSON.stringify(started, null, 2)
          : `${workflow} retrains on ${partitions.length} days, one after the other; see: textcraftor schedule show ${name}`,
      );
    });
  schedule
    .command('delete')
    .description('delete the schedule and its record of used prompts; a running retraining continues')
    .argument('<name>')
    .action(async (name: string) => {
      await withControl((control) => control.delete(name));
      print(`Schedule ${name} is deleted.`);
    });
}
