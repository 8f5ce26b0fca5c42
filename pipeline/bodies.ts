import type * as ingest from '../datasets/stages/ingest.ts';
import type * as filter from '../datasets/stages/filter.ts';
import type * as shard from '../datasets/stages/shard.ts';
import type * as evaluate from '../evaluation/stages/evaluate.ts';
import type * as promptEngineering from '../evaluation/stages/prompt-engineering.ts';
import type * as register from '../evaluation/stages/register.ts';
import type * as report from '../evaluation/stages/report.ts';
import type * as styleControl from '../evaluation/stages/style-control.ts';
import type * as sweep from '../evaluation/stages/sweep.ts';
import type * as transfer from '../evaluation/stages/transfer.ts';
import type * as ddpo from '../training/stages/ddpo.ts';
import type * as direct from '../training/stages/direct.ts';
import type * as rollout from '../training/stages/rollout.ts';
import type * as tuneEncoder from '../training/stages/tune-encoder.ts';
import type * as tuneUnet from '../training/stages/tune-unet.ts';
import type { Config } from './config/config.ts';
import { defineStage, type Stage } from './stage.ts';

/** Modules of the stage bodies by the path that a stage names. A stage whose module is missing here does not compile. */
export interface Bodies {
  'datasets/stages/ingest.ts': typeof ingest;
  'datasets/stages/filter.ts': typeof filter;
  'datasets/stages/shard.ts': typeof shard;
  'training/stages/rollout.ts': typeof rollout;
  'training/stages/tune-encoder.ts': typeof tuneEncoder;
  'training/stages/tune-unet.ts': typeof tuneUnet;
  'training/stages/ddpo.ts': typeof ddpo;
  'training/stages/direct.ts': typeof direct;
  'evaluation/stages/prompt-engineering.ts': typeof promptEngineering;
  'evaluation/stages/sweep.ts': typeof sweep;
  'evaluation/stages/evaluate.ts': typeof evaluate;
  'evaluation/stages/transfer.ts': typeof transfer;
  'evaluation/stages/style-control.ts': typeof styleControl;
  'evaluation/stages/register.ts': typeof register;
  'evaluation/stages/report.ts': typeof report;
}

/** Context passed to the function of a module that makes the stage's artifact. */
type ContextOf<Body> = Body extends { run(context: infer Context): unknown }
  ? Context
  : Body extends { gather(context: infer Context): unknown; runItem(context: infer Each): unknown }
    ? Context & Pick<Each & { config: unknown }, 'config'>
    : never;
type Taken<Module extends keyof Bodies> =
  ContextOf<Bodies[Module]> extends infer Context extends {
    config: unknown;
    inputs: unknown;
  }
    ? Context
    : never;

/** A stage's named inputs, in the form its body receives them. */
type Handed<Input extends string, Optional extends string> = Readonly<
  Record<Input, string> & Partial<Record<Optional, string>>
>;
/** `unknown` when the body gets every input it takes, else a type that says which inputs it takes. */
type EnoughInputs<Module extends keyof Bodies, Input extends string, Optional extends string> =
  Handed<Input, Optional> extends Taken<Module>['inputs'] ? unknown : { theBodyTakes: Taken<Module>['inputs'] };

/** Defines a stage of the pipeline; its slice of the configuration has the type that its body takes. */
export function stageOf<
  const Name extends string,
  const Module extends keyof Bodies,
  const Input extends string = never,
  const Optional extends string = never,
>(
  stage: Stage<Config, Name, Input, Taken<Module>['config'], Optional> & { readonly module: Module } & EnoughInputs<
      Module,
      Input,
      Optional
    >,
): Stage<Config, Name, Input, Taken<Module>['config'], Optional> {
  return defineStage(stage);
}
