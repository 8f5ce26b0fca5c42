import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { expect } from 'vitest';
import type { z } from 'zod';
import { InputError } from '../../../common/errors.ts';
import { parseConfig, type Json } from '../../../models/folder/network-config.ts';
import { goldenPath } from '../golden.ts';

/** The keys that a library acts on, and their defaults; see test/golden/config-keys/make.py. */
export interface KeyTable {
  library: string;
  keys: Record<string, { default?: unknown }>;
}

export const readKeyTable = (name: string): KeyTable =>
  JSON.parse(readFileSync(goldenPath(`config-keys/${name}.json`), 'utf8')) as KeyTable;

export interface KeyWalk {
  schema: z.ZodObject;
  /** A valid configuration: at least the keys that have no default. */
  base?: Json;
  /** Files and folders of the code that reads the parsed configuration. */
  readIn: readonly string[];
  /** Keys that the schema knows under another name or that are read before it, and where. */
  elsewhere?: Readonly<Record<string, string>>;
  /** Keys whose default is not the library's, and why. */
  ownDefault?: Readonly<Record<string, string>>;
}

/** Sample values of every kind. */
const VALUES: readonly unknown[] = [null, true, false, 0, 1, 2, 0.5, -1, 'other', '', [], [1, 2], {}, { other: 1 }];

/**
 * Holds a schema to a table: each key of the library is declared without effect, or other values than the default are
 * refused by an error that names file and key, or it is accepted and the code reads it. Defaults are the library's.
 */
export function expectEveryKey(
  name: string,
  { schema, base = {}, readIn, elsewhere = {}, ownDefault = {} }: KeyWalk,
): void {
  const { keys } = readKeyTable(name);
  const code = readIn.flatMap((path) => sources(join(import.meta.dirname, '../../..', path))).join('\n');
  expect(Object.keys(keys).length).toBeGreaterThan(0);
  for (const [key, { default: preset }] of Object.entries(keys)) {
    if (key in elsewhere) continue;
    const field = schema.shape[key] as z.ZodType | undefined;
    expect(field, `${name}: key ${key} is neither applied nor refused nor declared without effect`).toBeDefined();
    const reason = field!.meta()?.['withoutEffect'];
    if (reason !== undefined) {
      expect(String(reason).length, `${name}.${key}: a reason`).toBeGreaterThan(10);
      continue;
    }
    if (preset !== undefined && !(key in base) && !(key in ownDefault))
      expect((parseConfig(schema, base, 'FILE') as Json)[key] ?? null, `${name}.${key}: the default`).toEqual(preset);
    const single = field!.meta()?.['only'] as unknown[] | undefined;
    const accepted = VALUES.filter((value) => {
      if (isDeepStrictEqual(value, preset) || single?.some((one) => isDeepStrictEqual(one, value))) return false;
      try {
        parseConfig(schema, { ...base, [key]: value }, 'FILE');
        return value !== null;
      } catch (error) {
        expect(error, `${name}.${key}`).toBeInstanceOf(InputError);
        expect((error as Error).message, `${name}.${key}`).toMatch(/^FILE: /);
        expect((error as Error).message).toContain(key);
        return false;
      }
    });
    expect(single === undefined || accepted.length === 0, `${name}.${key} is ${JSON.stringify(accepted)}`).toBe(true);
    const isRead = accepted.length === 0 || new RegExp(`\\b${key}\\b`).test(code);
    expect(isRead, `${name}: ${key} is accepted as ${JSON.stringify(accepted)}, but read nowhere`).toBe(true);
  }
}

/** Lists TypeScript files below a path; of schemas only those that read a parsed configuration. */
function sources(path: string): string[] {
  if (statSync(path).isDirectory()) return readdirSync(path).flatMap((name) => sources(join(path, name)));
  if (!path.endsWith('.ts')) return [];
  const text = readFileSync(path, 'utf8');
  return path.endsWith('config.ts') ? (text.match(/\.\w+\b/g) ?? []) : [text];
}
