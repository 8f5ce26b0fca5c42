import { dirname, join } from 'node:path';
import { z } from 'zod';
import { InputError } from '../../common/errors.ts';
import { readJsonFile } from '../../common/files/foreign-files.ts';
import { isWeight, type Weights } from './weight.ts';

/** Returns whether a file's name is that of an index, which maps each tensor to one of several files. */
export const isShardIndex = (path: string) => path.endsWith('.index.json') || path.endsWith('.index.fp16.json');

const schema = z.looseObject({ weight_map: z.record(z.string(), z.string()) });

/**
 * Reads weights spread over several files, as their index says. Index and files must agree on every tensor.
 * @param read reads one of the files
 * @throws InputError that names the tensor and the file
 */
export async function readShards(path: string, read: (path: string) => Promise<Weights>): Promise<Weights> {
  const places = await readIndex(path);
  const weights: Weights = new Map();
  const fail = (problem: string): never => {
    throw new InputError(`${path}: ${problem}.`);
  };
  for (const file of new Set(places.values())) {
    // A name, not a path: the index must not leave its folder.
    if (!/^[\w-][\w.-]*\.(safetensors|bin)$/.test(file))
      fail(`${JSON.stringify(file)} is not the name of a weight file`);
    for (const [name, weight] of await read(join(dirname(path), file))) {
      const place = places.get(name);
      if (place === undefined) fail(`tensor ${name} is in ${file}, but not in the index`);
      if (place !== file) fail(`tensor ${name} is in ${file}, but should be in ${place}`);
      weights.set(name, weight);
    }
  }
  for (const [name, file] of places)
    if (!weights.has(name) && isWeight(name)) fail(`tensor ${name} should be in ${file}, but is not`);
  return weights;
}

async function readIndex(path: string): Promise<Map<string, string>> {
  const json = await readJsonFile(path, 'the index of weights in several files');
  const { success, data } = schema.safeParse(json);
  if (!success) throw new InputError(`${path}: weight_map is missing or does not map tensors to files.`);
  return new Map(Object.entries(data.weight_map));
}
