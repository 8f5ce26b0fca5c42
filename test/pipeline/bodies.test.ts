import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, expectTypeOf, it } from 'vitest';
import { stageOf } from '../../pipeline/bodies.ts';
import type { Config } from '../../pipeline/config/config.ts';
import { textcraftor, transfer, type styles, type tuneEncoder } from '../../pipeline/textcraftor.ts';
import type { StylesConfig } from '../../evaluation/stages/style-control.ts';
import type { TransferConfig } from '../../evaluation/stages/transfer.ts';
import type { TuneEncoderSettings } from '../../training/stages/tune-encoder.ts';

// Checked by the compiler (npm run types): a missing expected error is an error.

it('passes each body the settings that it takes', () => {
  expectTypeOf<ReturnType<typeof transfer.config>>().toEqualTypeOf<TransferConfig>();
  expectTypeOf<ReturnType<typeof styles.config>>().toEqualTypeOf<StylesConfig>();
  expectTypeOf<ReturnType<typeof tuneEncoder.config>>().toEqualTypeOf<TuneEncoderSettings>();
  for (const { module } of textcraftor.stages)
    expect(existsSync(fileURLToPath(new URL(module, textcraftor.root))), module).toBe(true);
});

it('does not compile a stage whose slice, inputs or module are not those of its body', () => {
  const rollout = { name: 'rollout', inputs: ['shard'], module: 'training/stages/rollout.ts' } as const;
  const settings = (c: Config) => ({ ...c.rollout, model: c.model, sampler: c.sampler });
  stageOf({ ...rollout, config: settings });
  stageOf({
    ...rollout,
    // @ts-expect-error a setting is missing
    config: (c: Config) => ({ ...c.rollout, model: c.model }),
  });
  stageOf({
    ...rollout,
    // @ts-expect-error a setting has another type
    config: (c: Config) => ({ ...settings(c), batch: 'four' }),
  });
  // @ts-expect-error the body reads the shards
  stageOf({ ...rollout, inputs: ['filter'], config: settings });
  // @ts-expect-error the body always reads a stage that may be off here
  stageOf({ ...rollout, inputs: [], optionalInputs: ['shard'], config: settings });
  // @ts-expect-error no body is known under this path
  stageOf({ ...rollout, module: 'training/stages/other.ts', config: settings });
  expect(textcraftor.stages).toContain(transfer);
});
