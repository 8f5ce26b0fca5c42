/** A pattern of paths: the folder before its first wildcard, and which names below it fit. */
export interface Glob {
  folder: string;
  matches(name: string): boolean;
}

const wild = /[*?[{]/;

/** Reads `*` and `?` (within a name), `**` (any folders), `[a-z]`, `[!a-z]` and `{a,b}`; undefined where there is none of them. */
export function globOf(pattern: string): Glob | undefined {
  if (!wild.test(pattern)) return undefined;
  const parts = pattern.split('/');
  const first = parts.findIndex((part) => wild.test(part));
  const folder = first === 0 ? '.' : parts.slice(0, first).join('/') || '/';
  const expression = new RegExp(`^${toRegExp(parts.slice(first).join('/'))}$`, 'u');
  return { folder, matches: (name) => expression.test(name) };
}

function toRegExp(glob: string): string {
  let braces = 0;
  const piece = /\*\*\/|\*\*|\*|\?|\[!?[^\]/]+\]|[{},]|[\s\S]/gu;
  const out = glob.replace(piece, (found) => {
    if (found === '**/') return '(?:[^/]+/)*';
    if (found === '**') return '.*';
    if (found === '*') return '[^/]*';
    if (found === '?') return '[^/]';
    if (found.length > 1 && found.startsWith('[')) {
      const inner = found.slice(1, -1).replace(/^!/, '^');
      return `[${inner.replace(/[\\[\]&~|#@%:;<>=`!(){}*+.,$/]/g, (sign) => `\\u{${sign.charCodeAt(0).toString(16)}}`)}]`;
    }
    if (found === '{' && ++braces) return '(?:';
    if (found === '}' && braces > 0 && braces--) return ')';
    if (found === ',' && braces > 0) return '|';
    return found.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
  });
  return out + ')'.repeat(braces);
}
