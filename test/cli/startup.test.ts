import { build } from 'esbuild';
import { expect, it } from 'vitest';
import { checkout } from '../../pipeline/config/config-file.ts';

/** The modules loaded with `entry`: its static imports and theirs, but not those of a later `import()`. */
async function loadedWith(entry: string): Promise<Set<string>> {
  const { metafile } = await build({
    absWorkingDir: checkout,
    entryPoints: [entry],
    bundle: true,
    write: false,
    metafile: true,
    outdir: 'out',
    packages: 'external',
    platform: 'node',
    format: 'esm',
    logLevel: 'silent',
  });
  const loaded = new Set([entry]);
  for (const name of loaded)
    for (const { path, kind } of metafile.inputs[name]?.imports ?? [])
      if (kind === 'import-statement') loaded.add(path);
  return loaded;
}

// They take a second and 300 MB, which the process of a run or a worker must not spend.
it.each([
  'cli/run/run-options.ts',
  'cli/run/start.ts',
  'cli/run/run-worker.ts',
  'api/runs/plan-run.ts',
  'api/runs/resume-run.ts',
  'api/runs/control-run.ts',
])('%s loads neither TensorFlow nor DuckDB', async (name) => {
  const loaded = await loadedWith(name);
  expect(loaded.size).toBeGreaterThan(3);
  expect([...loaded].filter((path) => /^engine\/tensorflow|duckdb/.test(path))).toEqual([]);
});
