import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { ErrorRecord } from '../common/errors.ts';
import { outcomeOf } from '../registry/notify/outcome.ts';
import { sendOutcome } from '../registry/notify/send-outcome.ts';
import { notifySchema } from '../pipeline/config/sections/notify-settings.ts';
import { readRegistered } from '../registry/registered.ts';
import { registrySchema } from '../pipeline/config/sections/registry-settings.ts';
import type { RunRecords } from '../pipeline/runs/runs.ts';

/** The configuration sections that a pipeline needs to announce its runs. */
const announcing = z.looseObject({ notify: notifySchema, registry: registrySchema.prefault({}) });

/**
 * Notifies the hooks of a run's configuration how it ended, and logs each delivery in notifications.jsonl. A hook that
 * cannot be reached does not fail the run. Delivery is at least once: a crash in between repeats it.
 */
export async function announce(
  records: RunRecords,
  run: string,
  error: ErrorRecord | undefined,
  environment: NodeJS.ProcessEnv,
): Promise<void> {
  const settings = announcing.safeParse(await records.config(run));
  if (!settings.success || settings.data.notify.length === 0) return;
  const { notify, registry } = settings.data;
  const folder = records.folder(run);
  const registered = await readRegistered(folder);
  const outcome = outcomeOf({ run, folder }, { registered, automatic: registry.promote === 'auto', error });
  const deliveries = await sendOutcome(notify, outcome, environment);
  const lines = deliveries.map(
    (delivery) => `${JSON.stringify({ at: outcome.at, event: outcome.event, ...delivery })}\n`,
  );
  await appendFile(join(folder, 'notifications.jsonl'), lines.join(''), { mode: 0o600 });
}
