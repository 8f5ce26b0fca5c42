import { parseDocument, YAMLParseError } from 'yaml';
import { InputError } from '../../common/errors.ts';
import { short } from '../../common/text/short.ts';

/** Keys that JavaScript gives a meaning of its own: no setting is called so, and none may reach a prototype. */
export const reservedKeys: readonly string[] = ['__proto__', 'constructor', 'prototype'];

/** Why a text is no YAML that is understood. */
export class YamlError extends InputError {
  /** 1-based, where it is known. */
  readonly line: number | undefined;

  constructor(message: string, line?: number) {
    super(message);
    this.line = line;
  }
}

/**
 * The value of a YAML document; `<<` merges. What the reader would only warn of (a tag that it does not know) is refused,
 * and so are aliases that multiply to more than anybody writes.
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
          ? 'its aliases (*name) would make it far larger than it is; write out what they stand for.'
          : `not YAML: ${error.message}`,
      );
    if (error instanceof RangeError) throw new YamlError('it is nested too deep to be a configuration.');
    throw error;
  }
}

/** The value, without -0, which no setting means. @throws YamlError for a reserved key */
function plain(value: unknown, path: string): unknown {
  if (Object.is(value, -0)) return 0;
  if (Array.isArray(value)) return value.map((item, i) => plain(item, `${path}.${i}`));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]: [string, unknown]) => {
      const at = path === '' ? key : `${path}.${key}`;
      if (reservedKeys.includes(key)) throw new YamlError(`${short(at)} is no key of a configuration.`);
      return [key, plain(item, at)];
    }),
  );
}
