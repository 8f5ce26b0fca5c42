import { signal, type Signal } from '@preact/signals';
import type { Refusal } from '../../server/answers.ts';

/** An answer that is not a success, in the server's words. */
export class AnswerError extends Error {
  /** The kind of error: `TokenError`, `NotYetError`, `RunError` ... */
  readonly kind: string;

  constructor(kind: string, message: string) {
    super(message);
    this.kind = kind;
  }
}

/** What was asked for: undefined until it is there; after an error, the last that was there. */
export interface Asked<T> {
  value?: T;
  error?: AnswerError;
}

/** Whether the server is reached; the page shows the last state while it is not. */
export const connected = signal(true);
/** Whether the server wants a token. */
export const locked = signal(false);

/** Asks the server. @throws AnswerError */
export async function ask(path: string, init?: RequestInit): Promise<Response> {
  let answer: Response;
  try {
    answer = await fetch(path, init);
  } catch {
    connected.value = false;
    throw new AnswerError('Unreachable', 'The studio does not answer. Start it again with: textcraftor studio');
  }
  connected.value = true;
  if (answer.ok) return answer;
  const { error } = (await answer.json().catch(() => ({ error: undefined }))) as Partial<Refusal>;
  if (answer.status === 401) locked.value = true;
  throw new AnswerError(error?.name ?? 'Error', error?.message ?? `The studio answered ${answer.status}.`);
}

/** Exchanges a token for a cookie. @returns whether it was right */
export async function enter(token: string): Promise<boolean> {
  const init = { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ token }) };
  const isRight = await ask('/api/session', init).then(
    () => true,
    () => false,
  );
  if (isRight) locked.value = false;
  return isRight;
}

/** Uses the token in the address, once, and removes it, so that it is in no history and no bookmark. */
export async function enterWithToken(): Promise<void> {
  const token = /^#token=([\w-]+)$/.exec(location.hash)?.[1];
  if (token === undefined) return;
  history.replaceState(undefined, '', location.pathname + location.search);
  await enter(token);
}

/** Reads a resource into a signal; an error leaves the last value. */
export async function load<T>(into: Signal<Asked<T>>, path: string): Promise<void> {
  try {
    const answer = await ask(path);
    into.value = { value: (await answer.json()) as T };
  } catch (error) {
    const known = error instanceof AnswerError ? error : new AnswerError('Error', String(error));
    into.value = { ...into.value, error: known };
  }
}

/**
 * Reads resources now and again whenever the server says that they have changed.
 * @param events path of the server-sent events
 * @param readings what to do, by the name of the event
 * @returns a function that ends it
 */
export function follow(events: string, readings: Record<string, () => Promise<void>>): () => void {
  for (const read of Object.values(readings)) void read();
  const source = new EventSource(events);
  const seen = new Map<string, string>();
  source.addEventListener('open', () => (connected.value = true));
  source.addEventListener('error', () => (connected.value = false));
  for (const [event, read] of Object.entries(readings))
    source.addEventListener(event, ({ data }: MessageEvent<string>) => {
      if (seen.get(event) === data) return;
      const isFirst = !seen.has(event);
      seen.set(event, data);
      if (!isFirst || performance.now() > 2000) void read();
    });
  return () => source.close();
}
