import { InvalidArgumentError, type Command, type Option } from 'commander';
import { InputError } from '../common/errors.ts';
import { short } from '../common/text/short.ts';

/** Options whose text may be empty. */
const mayBeEmpty: readonly string[] = ['prompt', 'negative', 'note', 'set'];

/**
 * Refuses empty arguments and options, which an unset variable leaves: an empty path would mean the current folder.
 * @throws InputError that names the first
 */
export function requireValues(command: Command): void {
  const isEmpty = (value: unknown): boolean => (Array.isArray(value) ? value.some(isEmpty) : value === '');
  const argument = command.registeredArguments.find((_, i) => isEmpty(command.processedArgs[i]));
  if (argument) throw new InputError(`The argument ${argument.name()} is empty; give it a value or omit it.`);
  const option = command.options.find(
    (each) => !mayBeEmpty.includes(each.attributeName()) && isEmpty(command.getOptionValue(each.attributeName())),
  );
  if (option) throw new InputError(`The option ${option.long} is empty; give it a value or omit it.`);
}

/** The parser of an option that may be repeated: it collects the values. */
export const collect = (text: string, all: readonly string[] = []): string[] => [...all, text];

/**
 * Refuses an option that is given twice with different values, of which the last would win. Those that {@link collect}
 * are repeated on purpose.
 * @param command with the options and commands that it has by now
 * @throws InputError, when the arguments are parsed, that names the option and both values
 */
export function refuseRepeats(command: Command): void {
  for (const option of command.options)
    if (option.parseArg !== (collect as Option['parseArg'])) refuseRepeat(command, option);
  command.commands.forEach(refuseRepeats);
}

function refuseRepeat(command: Command, option: Option): void {
  let first: string | undefined;
  command.on(`option:${option.name()}`, (value: string | null) => {
    if (typeof value !== 'string') return;
    first ??= value;
    if (value !== first)
      throw new InputError(
        `The option ${option.long} is given twice, as ${short(first, 80)} and as ${short(value, 80)}; give it once.`,
      );
  });
}

/** The parser of an option that is a number from `low` to `high`; it refuses all else, and says the range. */
export const real = (low: number, high: number): ((text: string) => number) =>
  ranged(low, high, 'a number', /^[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?$/i);
/** As {@link real}, for whole numbers. */
export const whole = (low: number, high: number): ((text: string) => number) =>
  ranged(low, high, 'a whole number', /^[-+]?\d+$/);

function ranged(low: number, high: number, what: string, form: RegExp): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!form.test(text) || !(value >= low && value <= high))
      throw new InvalidArgumentError(`Expected ${what} from ${low} to ${high}.`);
    return value;
  };
}

/** Parsers of numbers that several commands take; the bounds are far above any use. */
export const denoisingSteps = whole(1, 1_000_000);
export const guidance = real(-1000, 1000);
export const seed = whole(0, 2 ** 32 - 1);
/** Runs at once. */
export const lanes = whole(1, 256);
