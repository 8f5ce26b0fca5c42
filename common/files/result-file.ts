import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { canonicalJson, writeFileAtomic } from '../files.ts';

/** A JSON file of a stage's artifact: its name, and the type of what the stage writes and others read. */
export interface ResultFile<Content> {
  readonly name: string;
  /** Never set; it ties the type to the name. */
  readonly content?: Content;
}

/** @param folder the artifact */
export async function readResult<Content>({ name }: ResultFile<Content>, folder: string): Promise<Content> {
  return JSON.parse(await readFile(join(folder, name), 'utf8')) as Content;
}

/** @param folder the stage's output */
export async function writeResult<Content>(
  { name }: ResultFile<Content>,
  folder: string,
  content: NoInfer<Content>,
): Promise<void> {
  await writeFileAtomic(join(folder, name), `${canonicalJson(content)}\n`);
}
