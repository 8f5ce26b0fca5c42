import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { Command } from 'commander';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { register } from '../../cli/commands/prompts-command.ts';
import { InputError } from '../../common/errors.ts';
import { Home } from '../../pipeline/runs/home.ts';
import { RunRecords } from '../../pipeline/runs/runs.ts';
import { ArtifactStore } from '../../pipeline/store/artifact-store.ts';
import { startHub } from '../fixtures/hub-server.ts';
import { shard, filter, ingest } from '../datasets/stage-runner.ts';

const tokenizer = join(import.meta.dirname, '../models/tokenizer');
let folder: string;
let config: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cli-prompts-'));
  await cp(tokenizer, join(folder, 'model/tokenizer'), { recursive: true });
  config = join(folder, 'config.yaml');
  const settings = {
    model: join(folder, 'model'),
    prompts: { source: join(folder, 'prompts.csv') },
    filter: { maxCharacters: 20, blocked: ['gun'] },
    sampler: { steps: 2, guidance: 3, gradientSteps: 1 },
    rollout: { prompts: 1, batch: 1 },
    rewards: [{ name: 'clip', type: 'clip-similarity', model: 'x', weight: 1 }],
    heldOut: { type: 'clip-similarity', model: 'x' },
    tuneEncoder: { steps: 1, batch: 1, learningRate: 0.1 },
    sweep: { prompts: 1 },
    evaluate: { prompts: 1 },
  };
  await writeFile(config, JSON.stringify(settings));
  await writeFile(
    join(folder, 'prompts.csv'),
    'id,prompt\n1,a red circle\n2,"A  red, circle"\n3,\n4,a gun\n5,A Red Circle\n6,"a photo, of a very long thing"\n',
  );
});
afterAll(() => rm(folder, { recursive: true }));

/** Returns the output of `textcraftor prompts ...`. */
async function prompts(...args: string[]): Promise<string> {
  const lines: string[] = [];
  const write = vi.spyOn(process.stdout, 'write').mockImplementation((text) => lines.push(String(text)) > 0);
  try {
    const program = new Command();
    register(program);
    await program.parseAsync(['prompts', ...args], { from: 'user' });
  } finally {
    write.mockRestore();
  }
  return lines.join('').replace(/\n$/, '');
}

it('stats counts what is read, kept and dropped', async () => {
  expect(JSON.parse(await prompts('stats', config, '--json'))).toMatchObject({
    read: 6,
    kept: 2,
    dropped: { empty: 1, 'too-short': 0, 'too-long': 1, blocked: 1, 'too-many-tokens': 0, duplicate: 1 },
    characters: { min: 12, max: 13 },
    sources: { 'prompts.csv': 2 },
  });
  expect(await prompts('stats', config)).toMatch(/dropped: blocked +1\n/);
});

it('stats counts prompts whose flags are kept as it counts those that are stripped', async () => {
  const file = join(folder, 'flags.txt');
  await writeFile(file, 'a red fox --ar 16:9\n(cat:1.2) --w 768\na dog\n');
  const stats = async (...set: string[]) =>
    JSON.parse(await prompts('stats', config, '--prompts', file, ...set, '--json')) as object;
  expect(await stats()).toMatchObject({ kept: 3, changed: { flags: 0 }, left: { weights: 1, flags: 2 } });
  expect(await stats('--set', 'filter.flags=keep')).toMatchObject({ left: { weights: 1, flags: 2 } });
  expect(await stats('--set', 'filter.flags=strip')).toMatchObject({
    changed: { flags: 2 },
    left: { weights: 1, flags: 0 },
  });
  expect(await prompts('stats', config, '--prompts', file)).toMatch(/ {2}with flags +2\n/);
  expect(await prompts('explain', 'a red fox --ar 16:9', config)).toContain(
    'kept: "a red fox --ar 16:9", with flags\n',
  );
});

it('stats and sample read a file, and a run of it', async () => {
  const file = join(folder, 'more.jsonl');
  await writeFile(file, '{"prompt":"a red circle"}\n{"prompt":7}\n{"prompt":"a blue square"}\n');
  await expect(prompts('stats', file)).rejects.toThrow(/line 2 has the number 7 in "prompt"/);
  const looked = ['--set', 'prompts.malformed=skip'];
  const statistics = JSON.parse(await prompts('stats', config, '--prompts', file, ...looked, '--json')) as object;
  expect(statistics).toMatchObject({ read: 2, kept: 2, malformed: 1, sources: { 'more.jsonl': 2 } });

  const home = new Home(join(folder, 'home'));
  const records = new RunRecords(home);
  const { id } = await records.create(
    'tiny',
    'test',
    {},
    ['ingest', 'filter'].map((name) => ({ name, inputs: [] })),
  );
  vi.stubEnv('TEXTCRAFTOR_HOME', home.folder);
  await expect(prompts('stats', id)).rejects.toThrow(/has not filtered its prompts yet/);
  const [ingested, filtered] = [join(home.folder, 'ingest'), join(home.folder, 'filter')];
  await cp(await ingest({ source: file, malformed: 'skip' }), ingested, { recursive: true });
  await cp(await filter(ingested), filtered, { recursive: true });
  for (const [name, path] of Object.entries({ ingest: ingested, filter: filtered })) {
    const artifact = await new ArtifactStore(home.artifacts).commit(path);
    await records.saveStage(id, { name, status: 'completed', artifact } as never);
  }
  expect(JSON.parse(await prompts('stats', id, '--json'))).toEqual(statistics);
  const lines = (await prompts('sample', 'latest', '--json')).split('\n').map((line) => JSON.parse(line) as object);
  expect(lines).toContainEqual(expect.objectContaining({ prompt: 'a blue square', source: 'more.jsonl', row: 3 }));
  await expect(prompts('stats', 'tinny')).rejects.toThrow(
    /^tinny: is not a file or folder of prompts, a configuration \(\.yaml\) or a run\. .* did you mean "tiny-/,
  );
  vi.unstubAllEnvs();
});

it('sample prints kept prompts', async () => {
  const lines = (await prompts('sample', config, '-n', '5')).split('\n');
  expect(lines.map((line) => line.toLowerCase()).sort()).toEqual(['a red circle', 'a red, circle']);
});

it('explain names the rule that drops a prompt, or its split', async () => {
  expect(await prompts('explain', 'a GUN!', config)).toBe('dropped (blocked): it contains "gun"');
  expect(await prompts('explain', 'a  GUN!', config)).toBe('dropped (blocked): it contains "gun"\nread as: "a GUN!"');
  expect(await prompts('explain', ' a  red circle', config)).toMatch(
    /^kept: "a red circle" \(changed: normalized\)\n\d+ tokens\nsplit (train|validation|test), id [0-9a-f]{32}$/,
  );
});

it('tokens prints the ids of each line as it is', async () => {
  const expected = JSON.parse(await readFile(join(tokenizer, 'expected.json'), 'utf8')) as [string, number[]][];
  const lines = expected.filter(([text]) => !/[\r\n]/.test(text));
  const file = join(folder, 'lines.txt');
  await writeFile(file, lines.map(([text]) => `${text}\n`).join(''));
  const printed = await prompts('tokens', '--tokenizer', tokenizer, file);
  expect(printed.split('\n').map((line) => JSON.parse(line) as unknown)).toEqual(lines.map(([, ids]) => ids));
  const table = join(folder, 'lines.csv.gz');
  const quoted = lines.map(([text], i) => `${i},"${text.replaceAll('"', '""')}"\r\n`);
  await writeFile(table, gzipSync(`id,prompt\r\n${quoted.join('')}`));
  expect(await prompts('tokens', '--tokenizer', tokenizer, table)).toBe(printed);
});

it('tokens and stats take prompts from a hub', async () => {
  const files = { 'README.md': '', 'data/a.jsonl': '{"prompt":"a red circle"}\n{"prompt":"a blue square"}\n' };
  await using hub = await startHub({ 'datasets/o/prompts': { files } });
  vi.stubEnv('HF_ENDPOINT', hub.endpoint);
  vi.stubEnv('HF_HUB_CACHE', join(folder, 'hub'));
  const told = vi.spyOn(console, 'error').mockImplementation(() => {});
  const source = 'hf://datasets/o/prompts';
  expect((await prompts('tokens', '--tokenizer', tokenizer, source)).split('\n')).toHaveLength(2);
  expect(JSON.parse(await prompts('stats', config, '--prompts', source, '--json'))).toMatchObject({ read: 2, kept: 2 });
  told.mockRestore();
  vi.unstubAllEnvs();
});

it('export writes a split of the shards', async () => {
  const source = join(folder, 'many.txt');
  await writeFile(source, Array.from({ length: 50 }, (_, i) => `prompt ${i}`).join('\n'));
  const shards = await shard(await filter(await ingest({ source })), { rows: 10, validation: 0.2, test: 0.2 });
  const out = join(folder, 'out.jsonl');
  const printed = await prompts('export', shards, out, '--split', 'validation');
  const rows = (await readFile(out, 'utf8')).trim().split('\n');
  expect(printed).toBe(`${rows.length} prompts written to ${out}`);
  expect(JSON.parse(rows[0]!)).toMatchObject({
    prompt: expect.stringMatching(/^prompt \d+$/) as string,
    source: 'many.txt',
  });
  await expect(prompts('export', shards, out, '--split', 'dev')).rejects.toThrow(InputError);
  await expect(prompts('export', 'nowhere', out)).rejects.toThrow('nowhere: is neither a folder of shards nor a run');
});
