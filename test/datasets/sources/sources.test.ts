import { appendFileSync, truncateSync } from 'node:fs';
import { readFile, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InputError, RetryableError } from '../../../common/errors.ts';
import { Database, sqlString } from '../../../datasets/tables/database.ts';
import { findSources } from '../../../datasets/sources/find-sources.ts';
import { readPrompts, type ReadOptions } from '../../../datasets/sources/read-source.ts';
import { wholeFiles } from '../../../datasets/sources/source-rows.ts';
import { emptyFolder, write } from '../stage-runner.ts';

/** [row, prompt] of each prompt of the source. */
async function read(path: string, options: ReadOptions = {}): Promise<[number, string | null][]> {
  const scratch = await emptyFolder();
  return Database.use(scratch, async (database) => {
    const found: [number, string | null][] = [];
    for await (const { rows, prompts } of wholeFiles(database, (await findSources(path)).files, scratch, options)) {
      prompts.forEach((prompt, i) => found.push([rows[i]!, prompt]));
    }
    return found;
  });
}

const prompts = async (path: string, options: ReadOptions = {}): Promise<(string | null)[]> =>
  (await read(path, options)).map(([, prompt]) => prompt);

/** A Parquet file with the rows of a query. */
async function parquet(query: string): Promise<string> {
  const path = `${await emptyFolder()}/prompts.parquet`;
  await Database.use(await emptyFolder(), (database) => database.writeParquet(query, path));
  return path;
}

describe('text files', () => {
  it('have one prompt per line, with any line ends', async () => {
    const path = await write({ 'a.txt': '\ufeffone\ntwo, "x"\r\n\r\n  #four\rfive\n\r\nlast' });
    expect(await read(path)).toEqual([
      [1, 'one'],
      [2, 'two, "x"'],
      [3, ''],
      [4, '  #four'],
      [5, 'five'],
      [6, ''],
      [7, 'last'],
    ]);
  });

  it('may have characters and line ends across the pieces in which they are read', async () => {
    const lines = Array.from({ length: 40_000 }, (_, i) => `${i} ${'é中👩🏽‍🔬'.repeat(i % 7)} \u2028`);
    expect(await prompts(await write({ 'a.txt': lines.join('\r\n') }))).toEqual(lines);
  });

  it('that are not UTF-8 are refused with line and byte', async () => {
    const latin1 = Buffer.concat([Buffer.from('one\ntwo\ncaf'), Buffer.from([0xe9]), Buffer.from(' noir\nfour\n')]);
    await expect(read(await write({ 'a.txt': latin1 }))).rejects.toThrow(
      new InputError(
        'a.txt: line 3 is not UTF-8 (byte 12 of the text is 0xe9). ' +
          'Name the encoding (prompts.encoding), or skip such rows: prompts.malformed=skip.',
      ),
    );
    const far = Buffer.concat([Buffer.from('é\n'.repeat(400_000)), Buffer.from([0xc3])]);
    await expect(read(await write({ 'far.csv': Buffer.concat([Buffer.from('prompt\n'), far]) }))).rejects.toThrow(
      /far\.csv: line 400002 is not UTF-8 \(byte 1200008/,
    );
  });

  it('with a line of a megabyte are read, and with one of 20 are refused', async () => {
    const long = 'x'.repeat(1_000_000);
    expect(await prompts(await write({ 'a.txt': `a\n${long}\nb` }))).toEqual(['a', long, 'b']);
    await expect(read(await write({ 'a.txt': `a\n${'x'.repeat(20_000_000)}` }))).rejects.toThrow(
      /a\.txt: line 2 is longer/,
    );
  });
});

describe('tables', () => {
  it('may have quotes, commas and line breaks in their fields', async () => {
    const path = await write({
      'a.csv': '\ufeffid,Prompt \r\n1,"a ""cat"", x"\n2,"two\r\nlines"\r\n3,\n\n4,a 12" tv\r\n5,""\n6,"last"',
    });
    expect(await read(path)).toEqual([
      [2, 'a "cat", x'],
      [3, 'two\r\nlines'],
      [5, ''],
      [7, 'a 12" tv'],
      [8, ''],
      [9, 'last'],
    ]);
  });

  it('separated by tabs have no quotes, as in Parti-Prompts', async () => {
    const path = await write({ 'a.tsv': 'Prompt\tCategory\n"quoted" and, comma\tArts\n\'x\tWorld\n"open\tArts\n' });
    expect(await prompts(path)).toEqual(['"quoted" and, comma', "'x", '"open']);
  });

  it('give back any fields that were written by the rules', async () => {
    const field = fc.string({ unit: fc.constantFrom('a', 'é', '👍', ',', '"', '\n', '\r', ' ', '\t') });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(field, field), { minLength: 1 }), async (rows) => {
        const quoted = (text: string): string => (/[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
        const lines = rows.map((row) => row.map(quoted).join(','));
        const path = await write({ 'a.csv': ['id,prompt', ...lines].join('\r\n') });
        expect(await prompts(path)).toEqual(rows.map(([, prompt]) => prompt));
      }),
      { numRuns: 25 },
    );
  });

  it('larger than the pieces in which they are read lose nothing', async () => {
    const texts = Array.from({ length: 30_000 }, (_, i) => `${i} "é", ${'\r\n'.repeat(i % 3)}${'中'.repeat(i % 30)}`);
    const lines = texts.map((text, i) => `${i},"${text.replaceAll('"', '""')}"`);
    expect(await prompts(await write({ 'a.csv': `id,prompt\r\n${lines.join('\r\n')}\r\n` }))).toEqual(texts);
  });

  const faults: [string, string, RegExp][] = [
    ['more fields than columns', 'prompt\na cat\na dog, a bird\n', /a\.csv: line 3 has 2 fields, the header has 1/],
    ['fewer fields than columns', 'id,prompt\n1,"x\ny"\n2\n', /a\.csv: line 4 has 1 fields, the header has 2/],
    ['a quote that never closes', 'id,prompt\n1,a\n2,"b\n3,c\n', /a\.csv: line 3 opens a quote that is never closed/],
    ['text behind a closing quote', 'id,prompt\n1,"a"\n2,"x" y\n', /a\.csv: line 3 has text after a closing quote/],
    ['no prompt column', 'id;"x", name\n1,2\n', /a\.csv: no prompt column .*; the columns are "id;"x"", " name"\./],
    ['nothing in it', '', /a\.csv: the file is empty/],
  ];
  it.each(faults)('with %s are refused', async (_, text, message) => {
    const path = await write({ 'a.csv': text });
    await expect(read(path)).rejects.toThrow(message);
    await expect(read(path)).rejects.toThrow(InputError);
  });

  it('give the named column, or list the columns that they have', async () => {
    const path = await write({ 'a.csv': 'prompt,Better\nx,y\n' });
    expect(await prompts(path, { column: 'better' })).toEqual(['y']);
    await expect(read(path, { column: 'best' })).rejects.toThrow(
      'a.csv: no column "best"; the columns are "prompt", "Better".',
    );
  });
});

describe('JSON lines', () => {
  it('may have blank lines, nulls, other keys and any escapes', async () => {
    const path = await write({
      'a.jsonl':
        '\ufeff{"id":1,"prompt":"a \\"cat\\"\\n\\u00e9"}\r\n\n{"prompt":null}\n{"id":2}\n{"prompt":"\\ud83d\\udc4d"}',
    });
    expect(await read(path)).toEqual([
      [1, 'a "cat"\né'],
      [3, null],
      [4, null],
      [5, '👍'],
    ]);
  });

  it('that are not objects with text are refused with their line', async () => {
    const faults: [string, RegExp][] = [
      ['{"prompt":"a"}\n{"prompt":', /a\.jsonl: line 2 is not JSON/],
      ['["a"]', /a\.jsonl: line 1 is \["a"\]; expected an object/],
      ['{"prompt":"a"}\n{"prompt":{"x":1}}', /line 2 has an object in "prompt"; expected text/],
      ['{"id":1}', /no prompt column .* the columns are "id"/],
    ];
    for (const [text, message] of faults) await expect(read(await write({ 'a.jsonl': text }))).rejects.toThrow(message);
  });
});

describe('Parquet files', () => {
  it('give text and nulls in their order, over many row groups', async () => {
    const path = await parquet("SELECT i AS id, if(i % 1000 = 7, NULL, 'é ' || i) AS Caption FROM range(130_000) t(i)");
    const found = await read(path);
    expect(found).toHaveLength(130_000);
    expect(found.every(([row, prompt], i) => row === i + 1 && prompt === (i % 1000 === 7 ? null : `é ${i}`))).toBe(
      true,
    );
  });

  it('give bytes as text, and texts of a dictionary', async () => {
    expect(await prompts(await parquet("SELECT encode('café') AS prompt"))).toEqual(['café']);
    expect(await prompts(await parquet("SELECT unnest(['a', 'b', 'a'])::ENUM('a', 'b') AS prompt"))).toEqual([
      'a',
      'b',
      'a',
    ]);
  });

  it('are refused when they are cut short, damaged, or hold no text', async () => {
    const cut = await parquet("SELECT repeat('prompt ', 20) || i AS prompt FROM range(10_000) t(i)");
    await truncate(cut, 5000);
    await expect(read(cut)).rejects.toThrow(/prompts\.parquet: cannot be read as Parquet; is it cut short/);

    const damaged = await parquet('SELECT md5(i::VARCHAR) AS prompt FROM range(10_000) t(i)');
    const bytes = await readFile(damaged);
    await writeFile(damaged, bytes.fill(0xa5, 1000, 50_000));
    await expect(read(damaged)).rejects.toThrow(/prompts\.parquet: cannot be read as Parquet/);

    await expect(read(await write({ 'a.parquet': 'prompt\nx' }))).rejects.toThrow(
      /a\.parquet: cannot be read as Parquet/,
    );
    await expect(read(await parquet('SELECT 1 AS prompt'))).rejects.toThrow(
      /column "prompt" holds INTEGER; expected text/,
    );
    await expect(read(await parquet('SELECT 1 AS "it""s"'))).rejects.toThrow(/the columns are "it"s"/);
  });
});

describe('folders', () => {
  it('are read file by file in the order of their names, and list the skipped files', async () => {
    const path = dirname(
      await write({
        'b.txt': 'b',
        'a.CSV': 'prompt\na',
        'c/d.jsonl': '{"prompt":"d"}',
        '.x/y.txt': 'y',
        LICENSE: '',
        'n.md': '',
      }),
    );
    await symlink('nowhere', join(path, 'link.txt'));
    expect(await prompts(path)).toEqual(['a', 'b', 'd']);
    const { files, ignored } = await findSources(path);
    expect(files.map((file) => file.name)).toEqual(['a.CSV', 'b.txt', 'c/d.jsonl']);
    expect(ignored).toEqual(['LICENSE', 'link.txt', 'n.md']);
  });

  it('are refused when a file disappears before it is read', async () => {
    const path = await write({ 'a.txt': 'a' });
    const { files } = await findSources(path);
    await rm(path);
    const batches = Database.use(await emptyFolder(), (database) => wholeFiles(database, files, '', {}).next());
    await expect(batches).rejects.toThrow(/^a\.txt: cannot be opened \(ENOENT/);
  });

  it('and files that are not there or of another kind are refused', async () => {
    const folder = await emptyFolder();
    await expect(findSources(`${folder}/x.txt`)).rejects.toThrow(/x\.txt: no such file or folder; expected \.txt, /);
    await expect(findSources(folder)).rejects.toThrow(/no prompt files in this folder/);
    await expect(findSources(await write({ 'a.docx': '' }))).rejects.toThrow(/a\.docx: unknown kind of file; expected/);
  });
});

it('a stream of rows is not cut short by other work of the database', async () => {
  const path = await parquet("SELECT repeat('x', 200) || i AS text FROM range(20_000) t(i)");
  const count = await Database.use(await emptyFolder(), async (database) => {
    await database.run('CREATE TABLE other (id BIGINT)');
    let rows = 0;
    for await (const [texts] of database.columns(`FROM read_parquet(${sqlString(path)})`)) {
      rows += texts!.length;
      await database.run(`INSERT INTO other VALUES (${rows})`);
    }
    return rows;
  });
  expect(count).toBe(20_000);
});

describe('a file that is written to while it is read', () => {
  it.each([
    ['txt', 'one\ntwo\n'],
    ['csv', 'prompt\none\ntwo\n'],
    ['jsonl', '{"prompt":"one"}\n{"prompt":"two"}\n'],
    ['json', '[{"prompt":"one"},{"prompt":"two"}]'],
  ])('is refused, to be read again: .%s', async (ending, content) => {
    const path = await write({ [`a.${ending}`]: content });
    const { files } = await findSources(path);
    const scratch = await emptyFolder();
    const drain = (onBytes: () => void) =>
      Database.use(scratch, async (database) => {
        for await (const _ of readPrompts(files[0]!, database, {}, onBytes));
      });
    await drain(() => {});
    const changed = drain(() => appendFileSync(path, ' '));
    await expect(changed).rejects.toThrow(RetryableError);
    await expect(changed).rejects.toThrow(/^a\.\w+: was changed while it was read; run again/);
    // The change may be the cause of the fault.
    await expect(drain(() => truncateSync(path, 3))).rejects.toThrow(RetryableError);
  });
});
