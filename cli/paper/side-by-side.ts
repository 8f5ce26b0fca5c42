import { InputError } from '../../common/errors.ts';

/** Processes the items in order, `lanes` at once. */
export async function inLanes<T>(items: readonly T[], lanes: number, work: (item: T) => Promise<void>): Promise<void> {
  const waiting = [...items];
  const lane = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await work(next);
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}

/** Parses the option --lanes. @throws InputError */
export function readLanes(text: string): number {
  const lanes = Number(text);
  if (!Number.isInteger(lanes) || lanes < 1)
    throw new InputError(`--lanes is "${text}"; expected a whole number from 1.`);
  return lanes;
}
