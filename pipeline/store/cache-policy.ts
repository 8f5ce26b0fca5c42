import { z } from 'zod';
import type { Stage } from '../stage.ts';

/** When an earlier result may stand for running a stage. No part of any key. */
export interface CachePolicy {
  /** `off`: the stage runs in each run. */
  cache?: 'on' | 'off' | undefined;
  /** A result that is older is made anew. */
  maximumAgeSeconds?: number | undefined;
}

const seconds = { s: 1, m: 60, h: 3600, d: 86_400 };

/** `90s`, `30m`, `12h`, `7d` -> seconds. */
const duration = z
  .string()
  .regex(/^\d+(\.\d+)?[smhd]$/, 'must be a time such as 30m, 12h or 7d')
  .transform((text) => Number(text.slice(0, -1)) * seconds[text.at(-1) as keyof typeof seconds])
  .or(z.number().positive());

/** The section `stages` of a configuration: `stages: { evaluate: { cache: off, maxAge: 7d } }`. */
export const stagesSchema = z
  .record(
    z.string(),
    z.strictObject({
      cache: z
        .enum(['on', 'off'])
        .or(z.boolean().transform((on) => (on ? ('on' as const) : ('off' as const))))
        .optional(),
      /** In seconds, or as a text with a unit: s, m, h or d. */
      maxAge: duration.optional(),
    }),
  )
  .optional();
export type StagesSettings = z.infer<typeof stagesSchema>;

/** What the configuration says of a stage, or else the stage itself. */
export function cachePolicy(
  { name, cache, maximumAgeSeconds }: Pick<Stage<never>, 'name' | 'cache' | 'maximumAgeSeconds'>,
  settings: { stages?: StagesSettings },
): CachePolicy {
  const own = settings.stages?.[name];
  return { cache: own?.cache ?? cache, maximumAgeSeconds: own?.maxAge ?? maximumAgeSeconds };
}
