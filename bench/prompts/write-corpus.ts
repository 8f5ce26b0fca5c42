import { closeSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Database } from '../../datasets/tables/database.ts';
import { sqlFile } from '../../datasets/tables/parquet-files.ts';
import { generateRow, rawData } from './generate.ts';

/** Rows per file. */
const fileRows = 1_000_000;

export interface Corpus {
  /** A file, or a folder of files. */
  source: string;
  format: 'csv' | 'parquet';
  seed: number;
}

/** Writes the rows of a corpus as CSV files (`prompt`, `raw_data`), and on request converts those to Parquet (zstd). */
export async function writeCorpus(folder: string, rows: number, format: Corpus['format'], seed = 1): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (let from = 0; from < rows; from += fileRows) {
    const stem = join(folder, `prompts-${String(from / fileRows).padStart(3, '0')}`);
    writeCsv(`${stem}.tmp`, from, Math.min(from + fileRows, rows), seed);
    if (format === 'csv') renameSync(`${stem}.tmp`, `${stem}.csv`);
    else {
      await Database.use(folder, (database) =>
        database.writeParquet(`FROM read_csv(${sqlFile(`${stem}.tmp`)}, header = true)`, `${stem}.parquet`),
      );
      rmSync(`${stem}.tmp`);
    }
  }
}

function writeCsv(path: string, from: number, to: number, seed: number): void {
  const file = openSync(path, 'w');
  let text = 'prompt,raw_data\n';
  for (let row = from; row < to; row++) {
    const { prompt } = generateRow(seed, row);
    text += `${field(prompt)},${field(rawData(seed, row, prompt))}\n`;
    if (text.length > 1 << 20) {
      writeSync(file, text);
      text = '';
    }
  }
  writeSync(file, text);
  closeSync(file);
}

function field(text: string): string {
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
