import { tableFromIPC } from 'apache-arrow';
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { describe, expect, it } from 'vitest';
import { Database, sqlString } from '../../datasets/tables/database.ts';
import { exportPrompts } from '../../datasets/tables/export-table.ts';
import { promptId } from '../../datasets/shards/split.ts';
import { emptyFolder, ingest } from './stage-runner.ts';

const texts = ['a "cat", x', 'é', '\uffff after', '👩‍🔬 before \uffff in UTF-16 order', 'x'.repeat(5000)];
const rows = Array.from({ length: 5000 }, (_, i) => {
  const prompt = `${texts[i % texts.length]} ${i}`;
  return { id: promptId(prompt), prompt, tokens: i, source: i % 2 ? 'a.csv' : 'b.txt' };
});

describe('exported prompts', () => {
  it('in Parquet are read by DuckDB and hyparquet, including a single look-up', async () => {
    const path = join(await emptyFolder(), 'prompts.parquet');
    await exportPrompts(rows, path);
    expect(await readdir(dirname(path))).toEqual(['prompts.parquet']);
    expect(await parquetReadObjects({ file: await asyncBufferFromFile(path), compressors })).toEqual(rows);
    await Database.use(await emptyFolder(), async (database) => {
      expect(await database.rows(`FROM read_parquet(${sqlString(path)})`)).toEqual(rows);
      for (const row of [rows[2]!, rows[3]!, rows[4999]!]) {
        const found = await database.rows(
          `FROM read_parquet(${sqlString(path)}) WHERE prompt = ${sqlString(row.prompt)}`,
        );
        expect(found).toEqual([row]);
      }
    });
  });

  it('in Arrow IPC keep their columns and types', async () => {
    const path = join(await emptyFolder(), 'prompts.arrow');
    await exportPrompts(rows, path);
    const table = tableFromIPC(await readFile(path));
    expect(table.schema.fields.map((field) => `${field.name} ${field.type}`)).toEqual([
      'id Utf8',
      'prompt Utf8',
      'tokens Int32',
      'source Utf8',
    ]);
    expect(table.toArray().map((row) => (row as { toJSON(): unknown }).toJSON())).toEqual(rows);
  });

  it('in JSON lines can be read as a source', async () => {
    const path = join(await emptyFolder(), 'prompts.jsonl');
    await exportPrompts(rows.slice(0, 10), path);
    const folder = await ingest({ source: path });
    const read = await Database.use(await emptyFolder(), (database) =>
      database.rows(`SELECT prompt FROM read_parquet(${sqlString(join(folder, 'rows-00000.parquet'))})`),
    );
    expect(read.map((row) => row['prompt'])).toEqual(rows.slice(0, 10).map((row) => row.prompt));
  });

  it('with another ending are refused', async () => {
    await expect(exportPrompts(rows, 'x.xlsx')).rejects.toThrow(
      'x.xlsx: expected a name ending in .parquet, .arrow, .jsonl.',
    );
  });
});
