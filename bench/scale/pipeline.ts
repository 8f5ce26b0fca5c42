import { z } from 'zod';
import { commonSettings } from '../../pipeline/config/common-schema.ts';
import { definePipeline } from '../../pipeline/pipeline.ts';
import { defineStage } from '../../pipeline/stage.ts';

const schema = z.strictObject({
  ...commonSettings('scale'),
  items: z.int(),
  segments: z.int(),
});
type Settings = z.infer<typeof schema>;

/** Very many small items, and a fake trainer with very many segments. */
export const pipeline = definePipeline({
  name: 'scale',
  schema,
  root: new URL('.', import.meta.url).href,
  stages: [
    defineStage({
      name: 'items',
      inputs: [],
      module: 'bodies.ts',
      config: (s: Settings) => ({ items: s.items }),
      itemConfig: () => ({}),
      fanOut: { window: 4, batch: 4 },
    }),
    defineStage({
      name: 'tune',
      inputs: [],
      module: 'bodies.ts',
      config: (s: Settings) => ({ segments: s.segments }),
      segmentSeconds: 0,
    }),
  ],
});
