import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RunOutcome } from './outcome.ts';
import { publicPart, withoutSecrets } from './notify-secrets.ts';
import type { Hook } from '../../pipeline/config/sections/notify-settings.ts';

/** What became of a notification. */
export interface Delivery {
  /** The server of the webhook, or the program: what follows may be secret. */
  hook: string;
  delivered: boolean;
  attempts: number;
  /** Of the last attempt. */
  problem?: string;
}

/** More than the 500 that are shown: a secret that was cut could not be told from other text. */
const keptCharacters = 20_000;

/** All together stay below the minute that an activity of a run's record has. */
const pausesMilliseconds = [1000, 3000];
const webhookMilliseconds = 8000;
const commandMilliseconds = 40_000;

/**
 * Tells every hook, side by side. Never throws: what went wrong is in what it returns.
 * @param pauses before another attempt at a webhook, in milliseconds
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

/** Tries again after each of the pauses. A problem that would come again (a refusal) ends it at once. */
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

/** A POST with the outcome as JSON, to that server and no other: a redirection is not followed. Receivers that must not act twice look at Idempotency-Key. */
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
    return { problem: `It answered ${status}, which sends on to another address; name that one.`, permanent: true };
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
  child.stdin.on('error', () => {}); // it need not read
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
