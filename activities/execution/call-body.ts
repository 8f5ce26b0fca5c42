import { pathToFileURL } from 'node:url';
import { RunError } from '../../common/errors.ts';
import { setComputeType } from '../../engine/compute-type.ts';
import { setLanes } from '../../engine/lanes.ts';
import type { FanOutBody, SegmentBody, StageContext } from '../../pipeline/stage.ts';
import type { StageAnswer, StageOrder } from './stage-messages.ts';

/** Loads the module of an order and calls the function that it names. @throws what the body throws */
export async function callBody(
  { module, lease: _, fault: __, call, dtype = 'float32', lanes = 1, ...rest }: StageOrder,
  ties: Pick<StageContext<unknown>, 'signal' | 'progress'>,
): Promise<Omit<StageAnswer, 'seconds' | 'setUpSeconds'>> {
  setComputeType(dtype);
  setLanes(lanes);
  const body = (await import(pathToFileURL(module).href)) as Record<string, unknown>;
  if (typeof body[call.name] !== 'function') throw new RunError(`${module} does not export ${call.name}.`);
  const context: StageContext<unknown> = { ...rest, ...ties };
  if (call.name === 'run') {
    const end = performance.now() + (call.segmentSeconds ?? Infinity) * 1000;
    const run = body['run'] as SegmentBody<unknown>;
    const result = await run({ ...context, segmentEnds: () => performance.now() >= end });
    return result === 'checkpoint' ? { unfinished: true } : {};
  }
  const { items, runItem, gather } = body as unknown as FanOutBody<unknown>;
  if (call.name === 'items') return { items: await items(context) };
  if (call.name === 'runItem') await runItem({ ...context, item: call.item });
  else await gather({ ...context, items: call.items });
  return {};
}
