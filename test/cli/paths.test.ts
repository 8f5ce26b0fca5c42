import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { knownWorld } from '../../world/known/known-worlds.ts';
import { checkout } from '../../pipeline/config/config-file.ts';
import { Home } from '../../pipeline/runs/home.ts';
import { manyAtOnce } from '../fixtures/hostile-names.ts';
import { temporaryFolder } from '../setup/temporary-folder.ts';
import { Command, lastRun } from './command.ts';

/** The embedded world with the least to do. */
const settings = {
  'rollout.prompts': 8,
  'rollout.batch': 8,
  'tuneEncoder.steps': 1,
  'tuneEncoder.batch': 2,
  'tuneEncoder.warmup': 1,
  'tuneEncoder.keepEvery': 1,
  'alarm.every': 1,
  'alarm.prompts': 2,
  'sweep.prompts': 2,
  'sweep.samplesPerPrompt': 1,
  'sweep.blends': '[1]',
  'evaluate.prompts': 4,
  'evaluate.samplesPerPrompt': 1,
  'evaluate.images': 1,
  'engine.threads': 1,
  'engine.lanes': 1,
  'shard.rows': 1000,
};

describe('under a folder whose name is special to many programs', () => {
  it('the pipeline runs, is reused, and its encoder is exported and makes pictures', async () => {
    const folder = join(await temporaryFolder(), ...manyAtOnce);
    const [home, model, temporary] = [join(folder, 'home'), join(folder, 'model'), join(folder, 'tmp')];
    await mkdir(temporary, { recursive: true });
    await cp(join(checkout, 'world/shapes/base'), model, { recursive: true });
    const prompts = [
      ...new Set(
        knownWorld('shapes')
          .prompts()
          .map(({ prompt }) => prompt),
      ),
    ].slice(0, 300);
    await writeFile(join(folder, 'p[1].txt'), prompts.join('\n'));
    await writeFile(join(folder, 'p1.txt'), 'wrong');
    await cp(join(checkout, 'configs/shapes.yaml'), join(folder, 'c#1.yaml'));
    const textcraftor = async (...args: string[]): Promise<string> => {
      const ended = await new Command(home, args, { TMPDIR: temporary }).ended;
      if (ended.code !== 0) throw new Error(`textcraftor ${args[0]}: exit code ${ended.code}: ${ended.stderr}`);
      return ended.stdout;
    };
    const given = [
      join(folder, 'c#1.yaml'),
      ...['--prompts', join(folder, 'p[1].txt')],
      ...Object.entries({ ...settings, model }).flatMap(([key, value]) => ['--set', `${key}=${value}`]),
    ];

    await textcraftor('run', ...given);
    const run = await lastRun(home);
    expect(run.status).toBe('completed');
    const [{ artifact } = {}] = run.stages.filter(({ name }) => name === 'ingest');
    const ingested = join(new Home(home).artifacts, artifact!.sha256);
    expect(JSON.parse(await readFile(join(ingested, 'summary.json'), 'utf8'))).toMatchObject({
      rows: prompts.length,
      files: [{ name: 'p[1].txt' }],
    });
    const plan = (await textcraftor('plan', ...given)).split('\n').filter((line) => line !== '');
    expect(plan.slice(0, -1).every((line) => line.startsWith('reuse'))).toBe(true);

    const [out, pictures] = [join(folder, 'out'), join(folder, 'pictures')];
    const tuned = run.stages.find(({ name }) => name === 'tune-encoder')!.artifact!.sha256;
    const encoder = join(new Home(home).artifacts, tuned, 'encoder/final');
    await textcraftor('export', '--model', model, '--text-encoder', encoder, '--out', out, '--formats', 'text-encoder');
    expect(await readdir(out)).toContain('text_encoder.safetensors');
    const [prompt] = prompts as [string];
    await textcraftor(
      'generate',
      '--model',
      model,
      '--text-encoder',
      encoder,
      '--prompt',
      prompt,
      '--out',
      pictures,
      '--steps',
      '1',
    );
    expect(await readdir(pictures)).toContain('0000.png');
  });
});
