import { parseDocument, YAMLParseError } from 'yaml';
import { InputError } from '../../common/errors.ts';
import { short } from '../../common/text/short.ts';

/** Keys with a special meaning in JavaScript: no setting has these names, and none may reach a prototype. */
export const reservedKeys: readonly string[] = ['__proto__', 'constructor', 'prototype'];

/** Reason why a text cannot be read as YAML. */
export class YamlError extends InputError {
  /** 1-based; undefined if unknown. */
  readonly line: number | undefined;

  constructor(message: string, line?: number) {
    super(message);
    this.line = line;
  }
}

/**
 * Parses a YAML document; `<<` merges. Refuses what the parser would only warn about (an unknown tag), and aliases that
 * expand to an absurd size.
 * @throws YamlError
 */
export function parseYaml(text: string): unknown {
  try {
    const document = parseDocument(text, { merge: true });
    const problem = document.errors[0] ?? document.warnings[0];
    if (problem) throw new YamlError(`not YAML: ${problem.message.split('\n')[0]}`, problem.linePos?.[0].line);
    return plain(document.toJS({ maxAliasCount: 100 }) as unknown, '');
  } catch (error) {
    if (error instanceof InputError) throw error;
    if (error instanceof YAMLParseError) throw new YamlError(`not YAML: ${error.message.split('\n')[0]}`);
    if (error instanceof ReferenceError)
      throw new YamlError(
        error.message.startsWith('Excessive')
          ? 'its aliases (*name) expand to far more than the file holds; write out their values.'
          : `not YAML: ${error.message}`,
      );
    if (error instanceof RangeError) throw new YamlError('it is nested too deeply for a configuration.');
    throw error;
  }
}

/** Copies the value, with -0 as 0. @throws YamlError for a reserved key */
function plain(value: unknown, path: string): unknown {
  if (Object.is(value, -0)) return 0;
  if (Array.isArray(value)) return value.map((item, i) => plain(item, `${path}.${i}`));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]: [string, unknown]) => {
      const at = path === '' ? key : `${path}.${key}`;
      if (reservedKeys.includes(key)) throw new YamlError(`${short(at)} cannot be a key of a configuration.`);
      return [key, plain(item, at)];
    }),
  );
}
