import type { Command } from 'commander';
import type { NamedPrompts } from '../../api/prompts/named-prompts.ts';
import type { Split } from '../../datasets/shards/split.ts';
import { addSetOption, configurationOptions, type ConfigOptions } from '../run/run-options.ts';
import { answer, print } from '../print.ts';
import { seed, whole } from '../values.ts';

/** Adds `textcraftor prompts`: shows prompts before a run, and those of a run. */
export function register(program: Command): void {
  const prompts = program.command('prompts').description('inspect prompts: what a run would keep and drop, and why');
  addStats(prompts);
  addSample(prompts);
  addExplain(prompts);
  addTokens(prompts);
  addExport(prompts);
}

function addStats(prompts: Command): void {
  addLookOptions(
    prompts.command('stats').description('count the prompts that a run keeps and drops, with reasons and lengths'),
  )
    .option('--json', 'print one JSON object')
    .action(async (named: string | undefined, options: ConfigOptions & { json?: true }) => {
      const { countPrompts } = await import('../../api/prompts/inspect-prompts.ts');
      const statistics = await countPrompts(await namedPrompts(named, options));
      const { formatStatistics } = await import('../prompts/show-prompts.ts');
      print(options.json ? JSON.stringify(statistics, null, 2) : formatStatistics(statistics));
    });
}

function addSample(prompts: Command): void {
  addLookOptions(prompts.command('sample').description('print some of the prompts that a run keeps'))
    .option('-n, --count <n>', 'number of prompts', whole(1, 10_000_000), 10)
    .option('--seed <s>', 'seed of the choice', seed, 1)
    .option('--json', 'print one JSON object per line: {prompt, tokens, source, row}')
    .action(
      async (named: string | undefined, options: ConfigOptions & { count: number; seed: number; json?: true }) => {
        const { drawPrompts } = await import('../../api/prompts/inspect-prompts.ts');
        const rows = await drawPrompts(await namedPrompts(named, options), options.count, options.seed);
        for (const row of rows) print(options.json ? JSON.stringify(row) : row.prompt);
      },
    );
}

function addExplain(prompts: Command): void {
  addLookOptions(
    prompts
      .command('explain')
      .description('say which rule would drop a prompt, or how it would be cleaned')
      .argument('<prompt>', 'text of the prompt'),
  )
    .option('--json', 'print one JSON object')
    .action(async (prompt: string, named: string | undefined, options: ConfigOptions & { json?: true }) => {
      const { explainOnePrompt } = await import('../../api/prompts/inspect-prompts.ts');
      const { formatExplanation } = await import('../prompts/show-prompts.ts');
      const explanation = await explainOnePrompt(prompt, await namedPrompts(named, options));
      print(options.json ? JSON.stringify(explanation, null, 2) : formatExplanation(prompt, explanation));
    });
}

function addTokens(prompts: Command): void {
  prompts
    .command('tokens')
    .description(
      'print the token ids of each prompt of a file, one JSON array per line, with start and end token, not padded',
    )
    .argument('<file>', 'a file, folder or pattern of prompts, or hf://datasets/OWNER/NAME')
    .requiredOption('--tokenizer <dir>', 'folder with vocab.json and merges.txt, or tokenizer.json')
    .option('--column <name>', 'the column with the prompts, or a path into one')
    .option('--split <name>', 'split of a data set: train, train+test, all')
    .option('--encoding <label>', 'encoding of text files without a byte order mark', 'utf-8')
    .action(async (file: string, options: { tokenizer: string; column?: string; split?: string; encoding: string }) => {
      const { eachTokens } = await import('../../api/prompts/inspect-prompts.ts');
      const { hubOptions } = await import('../hub-options.ts');
      await eachTokens(file, { ...options, hub: hubOptions() }, (ids) =>
        print(ids.map((each) => JSON.stringify(each)).join('\n')),
      );
    });
}

function addExport(prompts: Command): void {
  prompts
    .command('export')
    .description("write the prompts of a run's split for other programs")
    .argument('<run>', 'a run: its id, the beginning of one, or latest; or a folder of shards')
    .argument('<out>', 'a file: .parquet, .arrow or .jsonl')
    .option('--split <name>', 'train, validation or test', 'train')
    .option('--json', 'print one JSON object: {prompts, file}')
    .action(async (named: string, out: string, options: { split: string; json?: true }) => {
      const { splits } = await import('../../datasets/shards/split.ts');
      const { exportSplit, findShards } = await import('../../api/prompts/inspect-prompts.ts');
      const { projectHome } = await import('../project-home.ts');
      const { oneOf } = await import('../prompts/show-prompts.ts');
      const split = oneOf<Split>('--split', options.split, splits);
      const count = await exportSplit(await findShards(projectHome(), named), split, out);
      answer(options.json, { prompts: count, file: out }, `${count} prompts written to ${out}`);
    });
}

/** Reads the options of {@link addLookOptions}. */
async function namedPrompts(named: string | undefined, options: ConfigOptions): Promise<NamedPrompts> {
  const { projectHome } = await import('../project-home.ts');
  const { file: _, ...configuration } = configurationOptions(undefined, options);
  return { home: projectHome(), named, configuration };
}

/** Adds the options that name a run, or prompts under a configuration. */
function addLookOptions(command: Command): Command {
  return addSetOption(
    command
      .argument(
        '[what]',
        'a run, prompts (a file, folder, pattern, or hf://datasets/OWNER/NAME), or a configuration (default: configs/tiny.yaml)',
      )
      .option('--prompts <file>', 'use these prompts under the configuration'),
  ).option('--pipeline <file>', 'another pipeline: a module that exports `pipeline`');
}
