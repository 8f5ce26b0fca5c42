import { z } from 'zod';
import type { Stage } from '../stage.ts';

/** When an earlier result may be reused instead of running a stage. Not part of any key. */
export interface CachePolicy {
  /** `off`: the stage runs in every run. */
  cache?: 'on' | 'off' | undefined;
  /** Results older than this are made again. */
  maximumAgeSeconds?: number | undefined;
}

const seconds = { s: 1, m: 60, h: 3600, d: 86_400 };
const century = 36_525 * seconds.d;
const expected = 'must be a duration such as 30m, 12h or 7d, above 0 and at most 36525d';

/** Duration such as `90s`, `30m`, `12h` or `7d`, in seconds; at most a century. */
const duration = z.union(
  [
    z
      .string()
      .regex(/^\d+(\.\d+)?[smhd]$/)
      .transform((text) => Number(text.slice(0, -1)) * seconds[text.at(-1) as keyof typeof seconds])
      .refine((time) => time > 0 && time <= century, expected),
    z.number().positive().max(century),
  ],
  { error: expected },
);

/** The section `stages` of a configuration: `stages: { evaluate: { cache: off }, sweep: { maxAge: 7d } }`. */
export const stagesSchema = z
  .record(
    z.string(),
    z.strictObject({
      cache: z
        .enum(['on', 'off'])
        .or(z.boolean().transform((on) => (on ? ('on' as const) : ('off' as const))))
        .optional()
        .describe('Whether an earlier result may be reused.'),
      maxAge: duration
        .optional()
        .describe('Results older than this are made again: seconds, or a text with a unit such as 12h or 7d.'),
    }),
  )
  .optional();
export type StagesSettings = z.infer<typeof stagesSchema>;

/** Returns the cache policy of a stage: the configuration's, else the stage's own. */
export function cachePolicy(
  { name, cache, maximumAgeSeconds }: Pick<Stage<never>, 'name' | 'cache' | 'maximumAgeSeconds'>,
  settings: { stages?: StagesSettings },
): CachePolicy {
  const own = settings.stages?.[name];
  return { cache: own?.cache ?? cache, maximumAgeSeconds: own?.maxAge ?? maximumAgeSeconds };
}
