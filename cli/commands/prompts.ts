import type { Command } from 'commander';
import type { FilterConfig } from '../../datasets/stages/filter.ts';
import type { IngestConfig } from '../../datasets/stages/ingest.ts';
import type { Split, SplitShares } from '../../datasets/split.ts';
import { addConfigOptions, type ConfigOptions } from '../run/options.ts';

/** Adds `textcraftor prompts`: a look at prompts before a run, and at those of a run. */
export function register(program: Command): void {
  const prompts = program.command('prompts').description('look at prompts: what a run would keep and drop, and why');

  addConfigOptions(
    prompts.command('stats').description('how many prompts a run would keep and drop, and how long they are'),
  )
    .option('--json', 'print one JSON object')
    .action(async (config: string | undefined, options: ConfigOptions & { json?: true }) => {
      const { promptStatistics } = await import('../../datasets/preview.ts');
      const statistics = await prepared(config, options, promptStatistics);
      const { formatStatistics } = await import('../prompts.ts');
      console.log(options.json ? JSON.stringify(statistics, null, 2) : formatStatistics(statistics));
    });

  addConfigOptions(prompts.command('sample').description('some of the prompts that a run would keep'))
    .option('-n, --count <n>', 'how many', '10')
    .option('--seed <s>', 'which', '1')
    .option('--json', 'print a JSON object a line: {prompt, tokens, source, row}')
    .action(
      async (config: string | undefined, options: ConfigOptions & { count: string; seed: string; json?: true }) => {
        const { samplePrompts } = await import('../../datasets/preview.ts');
        const { wholeNumber } = await import('../prompts.ts');
        const [count, seed] = [wholeNumber('--count', options.count), wholeNumber('--seed', options.seed)];
        const rows = await prepared(config, options, (filtered) => samplePrompts(filtered, count, seed));
        for (const row of rows) console.log(options.json ? JSON.stringify(row) : row.prompt);
      },
    );

  addConfigOptions(
    prompts.command('explain').description('which rule would drop a prompt').argument('<prompt>', 'its text'),
  )
    .option('--json', 'print one JSON object')
    .action(async (prompt: string, config: string | undefined, options: ConfigOptions & { json?: true }) => {
      const { filter, shard } = await promptConfigs(config, options);
      const { explainPrompt, formatExplanation } = await import('../prompts.ts');
      const explanation = await explainPrompt(prompt, filter, shard);
      console.log(options.json ? JSON.stringify(explanation, null, 2) : formatExplanation(explanation));
    });

  prompts
    .command('tokens')
    .description('token ids of each prompt of a file, a JSON array a line, with start and end token, not padded')
    .argument('<file>', '.txt, .csv, .tsv, .jsonl or .parquet')
    .requiredOption('--tokenizer <dir>', 'folder with vocab.json and merges.txt, or tokenizer.json')
    .option('--column <name>', 'the column with the prompts')
    .action(async (file: string, options: { tokenizer: string; column?: string }) => {
      const { eachTokens } = await import('../prompts.ts');
      await eachTokens(file, options, (ids) => console.log(ids.map((each) => JSON.stringify(each)).join('\n')));
    });

  prompts
    .command('export')
    .description("write the prompts of a run's split for other programs")
    .argument('<shards>', 'folder of shards: the artifact of the stage "shard"')
    .argument('<out>', 'a file: .parquet, .arrow or .jsonl')
    .option('--split <name>', 'train, validation or test', 'train')
    .action(async (shards: string, out: string, options: { split: string }) => {
      const { splits } = await import('../../datasets/split.ts');
      const { readSplit } = await import('../../datasets/shards.ts');
      const { exportPrompts } = await import('../../datasets/export.ts');
      const { oneOf } = await import('../prompts.ts');
      const rows = await readSplit(shards, oneOf<Split>('--split', options.split, splits));
      await exportPrompts(rows, out);
      console.log(`${rows.length} prompts written to ${out}`);
    });
}

interface PromptConfigs {
  ingest: IngestConfig;
  filter: FilterConfig;
  shard: SplitShares;
}

/** The slices of the configuration that prompts depend on. */
async function promptConfigs(config: string | undefined, options: ConfigOptions): Promise<PromptConfigs> {
  const { readConfigOptions } = await import('../run/options.ts');
  const { findStage } = await import('../../pipeline/pipeline.ts');
  const { pipeline, settings } = await readConfigOptions(config, options);
  const slice = (name: string): unknown => findStage(pipeline, settings, name).config(settings);
  return { ingest: slice('ingest'), filter: slice('filter'), shard: slice('shard') } as PromptConfigs;
}

/** What `look` finds in the prompts that a run would keep. */
async function prepared<T>(
  config: string | undefined,
  options: ConfigOptions,
  look: (filtered: string) => Promise<T>,
): Promise<T> {
  const configs = await promptConfigs(config, options);
  const { preparePrompts } = await import('../../datasets/preview.ts');
  const { inTemporaryFolder } = await import('../prompts.ts');
  return inTemporaryFolder(async (folder) => look(await preparePrompts(configs, folder, new AbortController().signal)));
}
