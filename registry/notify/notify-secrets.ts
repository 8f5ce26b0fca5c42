import type { Hook } from '../../pipeline/config/sections/notify-settings.ts';

const hidden = '[not shown]';

/** A hook as it may be shown: webhooks carry their secrets in the path or the query, commands in their arguments. */
export function publicPart(hook: Hook): string {
  return 'webhook' in hook ? new URL(hook.webhook).origin : hook.command[0]!;
}

/** What was said about a hook, without what of it is secret. */
export function withoutSecrets(text: string, hook: Hook): string {
  return secretsOf(hook).reduce((left, secret) => left.replaceAll(secret, hidden), text);
}

/** A configuration as it may be shown: hooks without their secrets. */
export function publicConfig<Config>(config: Config): Config {
  if (typeof config !== 'object' || config === null || !('notify' in config)) return config;
  const { notify } = config;
  return { ...config, notify: Array.isArray(notify) ? notify.map(publicHook) : hidden };
}

function publicHook(hook: unknown): unknown {
  const { webhook, command } = (typeof hook === 'object' && hook !== null ? hook : {}) as Record<string, unknown>;
  if (typeof webhook === 'string' && URL.canParse(webhook)) return { webhook: `${publicPart({ webhook })}/${hidden}` };
  if (Array.isArray(command)) return { command: command.map((word: unknown, i) => (i === 0 ? word : hidden)) };
  return hidden;
}

/** Whatever could tell a stranger how to be the sender. Short words are not secret, and would garble the text. */
function secretsOf(hook: Hook): string[] {
  const words =
    'webhook' in hook ? [hook.webhook, ...partsOf(new URL(hook.webhook))] : hook.command.slice(1).flatMap(withParts);
  return [...new Set(words)].filter((word) => word.length >= 6).toSorted((a, b) => b.length - a.length);
}

/** An argument, and what of it a program may repeat alone: `--header=Authorization: Bearer TOKEN`. */
function withParts(word: string): string[] {
  const parts = word.split(/[\s=:,;"']+/).filter((part) => part.length >= 12); // the words of a script are none
  return URL.canParse(word) ? [word, ...parts, ...partsOf(new URL(word))] : [word, ...parts];
}

function partsOf({ href, pathname, search, username, password, searchParams }: URL): string[] {
  return [
    href,
    `${pathname}${search}`,
    pathname,
    search,
    username,
    password,
    ...pathname.split('/'),
    ...searchParams.values(),
  ];
}
