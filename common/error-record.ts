import {
  CancelledError,
  CollapseError,
  InputError,
  NothingThereError,
  RetryableError,
  RunError,
  TextcraftorError,
  type ErrorRecord,
} from './errors.ts';
import { reasonOf } from './text/reason.ts';
import { cut } from './text/short.ts';
import { systemError } from './system-error.ts';

const classes = { InputError, NothingThereError, RunError, CollapseError, RetryableError, CancelledError };

/** Characters. Longer ones tell nothing more, and what is read back refuses them. */
const [longestName, longestMessage] = [200, 10_000];

/** A record of a name and a message that may be of any length, and no texts at all. */
export function boundedRecord(name: unknown, message: unknown): ErrorRecord {
  return { name: cut(String(name), longestName), message: cut(String(message), longestMessage) };
}

/** Any thrown value as a record: what the system says is put in words, and what is not ours keeps its name and message. */
export function toErrorRecord(error: unknown): ErrorRecord {
  const known = systemError(error) ?? error;
  if (known instanceof TextcraftorError) return boundedRecord(known.name, known.message);
  return boundedRecord(known instanceof Error ? known.name : 'Error', reasonOf(known, longestMessage));
}

/** The error that `record` was made from; an unknown name becomes a RunError. */
export function fromErrorRecord(record: ErrorRecord): TextcraftorError {
  const known = Object.hasOwn(classes, record.name) ? classes[record.name as keyof typeof classes] : undefined;
  return known ? new known(record.message) : new RunError(`${record.name}: ${record.message}`);
}
