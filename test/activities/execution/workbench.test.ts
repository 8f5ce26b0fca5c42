import { expect, it } from 'vitest';
import type { WorkFolder } from '../../../activities/execution/work-folder.ts';
import { Workbench, type Work } from '../../../activities/execution/workbench.ts';
import { Home } from '../../../pipeline/runs/home.ts';
import { loadConfig } from '../../../pipeline/config/config-file.ts';
import { textcraftor } from '../../../pipeline/textcraftor.ts';
import { temporaryFolder } from '../../setup/temporary-folder.ts';

it('passes the configured compute type to a stage', async () => {
  const bench = new Workbench({ home: new Home(await temporaryFolder()), environment: {} });
  const folder = { output: 'out', scratch: 'scratch', lease: { file: 'lease.json', attempt: '1' } } as WorkFolder;
  const stage = textcraftor.stages.find(({ name }) => name === 'tune-encoder')!;
  for (const dtype of ['float32', 'float16'] as const) {
    const settings = await loadConfig(textcraftor, {
      file: 'configs/shapes.yaml',
      settings: [`engine.dtype=${dtype}`],
      folder: '.',
    });
    const work = { stage, settings, module: 'tune-encoder.ts' } as unknown as Work;
    expect(bench.order(work, { name: 'run' }, {}, folder)).toMatchObject({ dtype, seed: 1, output: 'out' });
  }
});

it('refuses work if its code differs from that of the plan', async () => {
  const bench = new Workbench({ home: new Home(await temporaryFolder()), environment: {} });
  const config = await loadConfig(textcraftor, { file: 'configs/shapes.yaml', folder: '.' });
  const task = { run: 'run-1', stage: 'ingest', inputs: {}, fresh: false };
  const prepare = (code: string) =>
    bench.prepare(task, { pipeline: 'textcraftor', config, planned: { ingest: { code } } });
  await expect(prepare('0'.repeat(64))).rejects.toThrow(
    expect.objectContaining({
      name: 'RunError',
      message:
        'The worker runs different code than this run was planned with (stage "ingest"): restart it (textcraftor worker).',
    }),
  );
  const { parts } = await bench.prepare(task, { pipeline: 'textcraftor', config });
  expect((await prepare(parts.code.sha256)).stage.name).toBe('ingest');
});
