import type { Hook } from '../../pipeline/config/sections/notify-settings.ts';

const hidden = '[not shown]';

/** Returns the displayable part of a hook: webhooks carry secrets in the path or query, commands in their arguments. */
export function publicPart(hook: Hook): string {
  return 'webhook' in hook ? new URL(hook.webhook).origin : hook.command[0]!;
}

/** Removes a hook's secrets from a text. */
export function withoutSecrets(text: string, hook: Hook): string {
  return secretsOf(hook).reduce((left, secret) => left.replaceAll(secret, hidden), text);
}

/** Returns a displayable configuration, with hooks without their secrets. */
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

/** Lists everything that would let a stranger pose as the sender. Short words are not secret, and would garble the text. */
function secretsOf(hook: Hook): string[] {
  const words =
    'webhook' in hook ? [hook.webhook, ...partsOf(new URL(hook.webhook))] : hook.command.slice(1).flatMap(withParts);
  return [...new Set(words)].filter((word) => word.length >= 6).toSorted((a, b) => b.length - a.length);
}

/** Lists an argument and the parts of it that a program may print alone: `--header=Authorization: Bearer TOKEN`. */
function withParts(word: string): string[] {
  const parts = word.split(/[\s=:,;"']+/).filter((part) => part.length >= 12); // words of a script are shorter
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
