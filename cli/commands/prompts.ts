import type { Command } from 'commander';
import type { Split } from '../../datasets/shards/split.ts';
import { addSetOption, type ConfigOptions } from '../run/run-options.ts';
import { print } from '../print.ts';

/** Adds `textcraftor prompts`: a look at prompts before a run, and at those of a run. */
export function register(program: Command): void {
  const prompts = program.command('prompts').description('look at prompts: what a run would keep and drop, and why');

  addLookOptions(
    prompts.command('stats').description('how many prompts a run keeps and drops, why, and how long they are'),
  )
    .option('--json', 'print one JSON object')
    .action(async (named: string | undefined, options: ConfigOptions & { json?: true }) => {
      const { promptStatistics } = await import('../../datasets/tables/preview.ts');
      const { withPrepared } = await import('../prompts/prompt-settings.ts');
      const statistics = await withPrepared(named, options, promptStatistics);
      const { formatStatistics } = await import('../prompts/show-prompts.ts');
      print(options.json ? JSON.stringify(statistics, null, 2) : formatStatistics(statistics));
    });

  addLookOptions(prompts.command('sample').description('some of the prompts that a run keeps'))
    .option('-n, --count <n>', 'how many', '10')
    .option('--seed <s>', 'which', '1')
    .option('--json', 'print a JSON object a line: {prompt, tokens, source, row}')
    .action(
      async (named: string | undefined, options: ConfigOptions & { count: string; seed: string; json?: true }) => {
        const { samplePrompts } = await import('../../datasets/tables/preview.ts');
        const { withPrepared } = await import('../prompts/prompt-settings.ts');
        const { wholeNumber } = await import('../prompts/show-prompts.ts');
        const [count, seed] = [wholeNumber('--count', options.count), wholeNumber('--seed', options.seed)];
        const rows = await withPrepared(named, options, (prepared) => samplePrompts(prepared, count, seed));
        for (const row of rows) print(options.json ? JSON.stringify(row) : row.prompt);
      },
    );

  addLookOptions(
    prompts
      .command('explain')
      .description('which rule would drop a prompt, and what it becomes')
      .argument('<prompt>', 'its text'),
  )
    .option('--json', 'print one JSON object')
    .action(async (prompt: string, named: string | undefined, options: ConfigOptions & { json?: true }) => {
      const { promptConfigs } = await import('../prompts/prompt-settings.ts');
      const { filter, shard } = await promptConfigs(named, options);
      const { explainPrompt } = await import('../../datasets/rules/explain-prompt.ts');
      const { formatExplanation, inTemporaryFolder } = await import('../prompts/show-prompts.ts');
      const explanation = await inTemporaryFolder((scratch) => explainPrompt(prompt, filter, shard, scratch));
      print(options.json ? JSON.stringify(explanation, null, 2) : formatExplanation(prompt, explanation));
    });

  prompts
    .command('tokens')
    .description('token ids of each prompt of a file, a JSON array a line, with start and end token, not padded')
    .argument('<file>', 'a file, folder or pattern of prompts, or hf://datasets/OWNER/NAME')
    .requiredOption('--tokenizer <dir>', 'folder with vocab.json and merges.txt, or tokenizer.json')
    .option('--column <name>', 'the column with the prompts, or a path into one')
    .option('--split <name>', 'of a data set in several: train, train+test, all')
    .option('--encoding <label>', 'of text files without a byte order mark', 'utf-8')
    .action(async (file: string, options: { tokenizer: string; column?: string; split?: string; encoding: string }) => {
      const { eachTokens } = await import('../prompts/show-prompts.ts');
      await eachTokens(file, options, (ids) => print(ids.map((each) => JSON.stringify(each)).join('\n')));
    });

  prompts
    .command('export')
    .description("write the prompts of a run's split for other programs")
    .argument('<shards>', 'folder of shards: the artifact of the stage "shard"')
    .argument('<out>', 'a file: .parquet, .arrow or .jsonl')
    .option('--split <name>', 'train, validation or test', 'train')
    .action(async (shards: string, out: string, options: { split: string }) => {
      const { splits } = await import('../../datasets/shards/split.ts');
      const { readSplit } = await import('../../datasets/shards/shards.ts');
      const { exportPrompts } = await import('../../datasets/tables/export-table.ts');
      const { oneOf } = await import('../prompts/show-prompts.ts');
      const rows = await readSplit(shards, oneOf<Split>('--split', options.split, splits));
      await exportPrompts(rows, out);
      print(`${rows.length} prompts written to ${out}`);
    });
}

/** What is looked at: a run, or what a run would make of prompts. */
function addLookOptions(command: Command): Command {
  return addSetOption(
    command
      .argument(
        '[what]',
        'a run, prompts (a file, folder, pattern, or hf://datasets/OWNER/NAME), or a configuration (default: configs/tiny.yaml)',
      )
      .option('--prompts <file>', 'look at these prompts under a configuration'),
  ).option('--pipeline <file>', 'another pipeline: a module that exports `pipeline`');
}
