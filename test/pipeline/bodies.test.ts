import { expect, expectTypeOf, it } from 'vitest';
import type * as filterBody from '../../datasets/stages/filter.ts';
import type * as ingestBody from '../../datasets/stages/ingest.ts';
import type * as shardBody from '../../datasets/stages/shard.ts';
import type * as evaluateBody from '../../evaluation/stages/evaluate.ts';
import type * as promptEngineeringBody from '../../evaluation/stages/prompt-engineering.ts';
import type * as registerBody from '../../evaluation/stages/register.ts';
import type * as reportBody from '../../evaluation/stages/report.ts';
import type * as sweepBody from '../../evaluation/stages/sweep.ts';
import type {
  ddpoEncoder,
  ddpoUnet,
  direct,
  evaluate,
  filter,
  ingest,
  promptEngineering,
  register,
  report,
  rollout,
  shard,
  sweep,
  tuneEncoder,
  tuneUnet,
} from '../../pipeline/textcraftor.ts';
import { textcraftor } from '../../pipeline/textcraftor.ts';
import type * as ddpoBody from '../../training/stages/ddpo.ts';
import type * as directBody from '../../training/stages/direct.ts';
import type * as rolloutBody from '../../training/stages/rollout.ts';
import type * as tuneEncoderBody from '../../training/stages/tune-encoder.ts';
import type * as tuneUnetBody from '../../training/stages/tune-unet.ts';

/** What a stage hands to its body. */
interface Handed<
  S extends { config(settings: never): unknown; inputs: readonly string[]; optionalInputs?: readonly string[] },
> {
  config: ReturnType<S['config']>;
  inputs: Readonly<
    Record<S['inputs'][number], string> & Partial<Record<NonNullable<S['optionalInputs']>[number], string>>
  >;
}
/** What a body takes. */
type Taken<Body extends { run(context: never): Promise<unknown> }> = Pick<
  Parameters<Body['run']>[0],
  'config' | 'inputs'
>;
/** What a body takes that fans out. */
type FannedOut<Body extends { gather(context: never): Promise<void> }> = Pick<
  Parameters<Body['gather']>[0],
  'config' | 'inputs'
>;

// Checked by the compiler (npm run types).
it('hands each body what it takes', () => {
  expectTypeOf<Handed<typeof ingest>>().toExtend<Taken<typeof ingestBody>>();
  expectTypeOf<Handed<typeof filter>>().toExtend<Taken<typeof filterBody>>();
  expectTypeOf<Handed<typeof shard>>().toExtend<FannedOut<typeof shardBody>>();
  expectTypeOf<Handed<typeof rollout>>().toExtend<Taken<typeof rolloutBody>>();
  expectTypeOf<Handed<typeof tuneEncoder>>().toExtend<Taken<typeof tuneEncoderBody>>();
  expectTypeOf<Handed<typeof tuneUnet>>().toExtend<Taken<typeof tuneUnetBody>>();
  expectTypeOf<Handed<typeof ddpoEncoder>>().toExtend<Taken<typeof ddpoBody>>();
  expectTypeOf<Handed<typeof ddpoUnet>>().toExtend<Taken<typeof ddpoBody>>();
  expectTypeOf<Handed<typeof direct>>().toExtend<Taken<typeof directBody>>();
  expectTypeOf<Handed<typeof promptEngineering>>().toExtend<Taken<typeof promptEngineeringBody>>();
  expectTypeOf<Handed<typeof sweep>>().toExtend<Taken<typeof sweepBody>>();
  expectTypeOf<Handed<typeof evaluate>>().toExtend<Taken<typeof evaluateBody>>();
  expectTypeOf<Handed<typeof register>>().toExtend<Taken<typeof registerBody>>();
  expectTypeOf<Handed<typeof report>>().toExtend<Taken<typeof reportBody>>();
  expect(textcraftor.stages.map(({ name }) => name)).toContain('tune-unet');
});
