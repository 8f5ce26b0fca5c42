import { spawn } from 'node:child_process';
import { CancelledError, InputError, RetryableError } from '../../common/errors.ts';
import { reasonOf } from '../../common/text/reason.ts';

/**
 * A user's own prompt rewriter: takes {"prompts": [...]} as JSON and answers in the same form, with as many prompts in
 * the same order.
 */
export interface RewriterSpec {
  /** URL to POST to. */
  url?: string | undefined;
  /** A program with its arguments; reads standard input, writes standard output. */
  command?: string[] | undefined;
  /** Time limit for one batch. */
  timeoutSeconds: number;
  /** Prompts per batch. */
  batch: number;
}

/**
 * Rewrites prompts in batches.
 * @throws RetryableError if the service is unreachable or too slow, InputError if its answer is malformed
 */
export async function rewrite(
  prompts: readonly string[],
  spec: RewriterSpec,
  signal: AbortSignal,
  progress?: (done: number) => void,
): Promise<string[]> {
  const rewritten: string[] = [];
  for (let first = 0; first < prompts.length; first += spec.batch) {
    const part = prompts.slice(first, first + spec.batch);
    rewritten.push(...answered(await ask(part, spec, signal), part.length, spec));
    progress?.(rewritten.length);
  }
  return rewritten;
}

const nameOf = ({ url, command }: RewriterSpec) => url ?? command?.join(' ') ?? '';

function answered(text: string, count: number, spec: RewriterSpec): string[] {
  const wrong = (what: string) =>
    new InputError(`The rewriter ${nameOf(spec)} ${what}; expected {"prompts": [...]} with ${count} prompts.`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw wrong(`did not answer in JSON ("${reasonOf(text, 60)}")`);
  }
  const { prompts } = (value ?? {}) as { prompts?: unknown };
  if (!Array.isArray(prompts) || prompts.length !== count || !prompts.every((each) => typeof each === 'string'))
    throw wrong(Array.isArray(prompts) ? `answered with ${prompts.length} items` : 'answered without prompts');
  return prompts as string[];
}

function ask(prompts: readonly string[], spec: RewriterSpec, signal: AbortSignal): Promise<string> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(spec.timeoutSeconds * 1000)]);
  const body = JSON.stringify({ prompts });
  const failure = (reason: string) => {
    if (signal.aborted) return new CancelledError('Rewriting the prompts was cancelled.');
    const slow = `gave no answer within ${spec.timeoutSeconds} s`;
    return new RetryableError(`The rewriter ${nameOf(spec)} ${limit.aborted ? slow : reason}.`);
  };
  return spec.url === undefined ? run(spec.command!, body, limit, failure) : post(spec.url, body, limit, failure);
}

async function post(
  url: string,
  body: string,
  signal: AbortSignal,
  failure: (reason: string) => Error,
): Promise<string> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
      signal,
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`status ${response.status}`);
    return text;
  } catch (error) {
    throw failure(`cannot be used: ${reasonOf(error)}`);
  }
}

function run(
  [program, ...args]: readonly string[],
  body: string,
  signal: AbortSignal,
  failure: (reason: string) => Error,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program!, args, { signal, killSignal: 'SIGKILL', stdio: ['pipe', 'pipe', 'pipe'] });
    const [output, errors]: [Buffer[], Buffer[]] = [[], []];
    child.stdout.on('data', (part: Buffer) => output.push(part));
    child.stderr.on('data', (part: Buffer) => errors.push(part));
    child.on('error', (error) => reject(failure(`cannot be started: ${reasonOf(error)}`)));
    child.on('close', (code) => {
      const text = reasonOf(Buffer.concat(errors).toString().trim().slice(-200));
      if (code === 0) resolve(Buffer.concat(output).toString());
      else reject(failure(`ended with code ${code}${text === '' ? '' : ` (${text})`}`));
    });
    child.stdin.on('error', () => {}); // a program that does not read all of it shows that by its answer
    child.stdin.end(body);
  });
}
