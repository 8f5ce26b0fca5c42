import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RunOutcome } from './outcome.ts';
import { publicPart, withoutSecrets } from './notify-secrets.ts';
import type { Hook } from '../../pipeline/config/sections/notify-settings.ts';

/** The result of a notification. */
export interface Delivery {
  /** The webhook's server, or the program; the rest may be secret. */
  hook: string;
  delivered: boolean;
  attempts: number;
  /** Why the last attempt failed. */
  problem?: string;
}

/** More than the 500 that are shown: a secret cut short could not be recognized. */
const keptCharacters = 20_000;

/** In total less than the one-minute limit of an activity that updates a run's record. */
const pausesMilliseconds = [1000, 3000];
const webhookMilliseconds = 8000;
const commandMilliseconds = 40_000;

/**
 * Notifies every hook in parallel. Never throws: problems are in the returned deliveries.
 * @param pauses pauses before further attempts at a webhook, in milliseconds
 */
export function sendOutcome(
  hooks: readonly Hook[],
  outcome: RunOutcome,
  environment: NodeJS.ProcessEnv,
  pauses: readonly number[] = pausesMilliseconds,
): Promise<Delivery[]> {
  const body = JSON.stringify(outcome);
  return Promise.all(
    hooks.map((hook) =>
      'webhook' in hook
        ? attempt(hook, pauses, () => post(hook.webhook, body, outcome))
        : attempt(hook, [], () => pipe(hook.command, body, environment)),
    ),
  );
}

/** Retries after each pause. A permanent problem (a refusal) ends it at once. */
async function attempt(
  told: Hook,
  pauses: readonly number[],
  send: () => Promise<{ problem: string; permanent?: boolean } | undefined>,
): Promise<Delivery> {
  const hook = publicPart(told);
  for (let attempts = 1; ; attempts++) {
    const failure = await send().catch((error: Error) => ({ problem: describe(error), permanent: false }));
    if (!failure) return { hook, delivered: true, attempts };
    const pause = pauses[attempts - 1];
    if (failure.permanent || pause === undefined)
      return { hook, delivered: false, attempts, problem: withoutSecrets(failure.problem, told) };
    await sleep(pause);
  }
}

/** Posts the outcome as JSON, without following redirects. Receivers can deduplicate by Idempotency-Key. */
async function post(url: string, body: string, { run, event, at }: RunOutcome) {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'idempotency-key': `${run} ${event} ${at}` },
    body,
    redirect: 'manual',
    signal: AbortSignal.timeout(webhookMilliseconds),
  });
  await response.body?.cancel();
  if (response.ok) return undefined;
  const { status, statusText } = response;
  if (status >= 300 && status < 400)
    return { problem: `It answered ${status}, a redirect; configure the address it points to.`, permanent: true };
  const permanent = status < 500 && status !== 408 && status !== 429;
  return { problem: `It answered ${status} ${statusText}`.trim(), permanent };
}

/** Runs the command, without a shell, with the outcome on its standard input. */
async function pipe(command: string[], body: string, environment: NodeJS.ProcessEnv) {
  const [program, ...args] = command;
  const child = spawn(program!, args, { stdio: ['pipe', 'ignore', 'pipe'], env: environment });
  const timer = setTimeout(() => child.kill('SIGKILL'), commandMilliseconds);
  let said = '';
  child.stderr.on('data', (data: Buffer) => (said = (said + data.toString()).slice(-keptCharacters)));
  child.stdin.on('error', () => {}); // the command need not read it
  child.stdin.end(body);
  try {
    const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
    if (code === 0) return undefined;
    return {
      problem:
        `It ended with ${signal ?? `exit code ${code}`}. ${withoutSecrets(said, { command }).slice(-500)}`.trim(),
    };
  } finally {
    clearTimeout(timer);
  }
}

function describe(error: Error): string {
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}
