import { tidy, unquoted } from './tidy.ts';

/**
 * Flags as people type them behind a prompt: Midjourney ("--ar 16:9", "—no text"), sd-scripts' prompt files ("--n blurry
 * --w 768"), InvokeAI ("-s50 -W512"), the web UI's prompt files (`--prompt "a cat" --negative_prompt dogs`) and its
 * parameters ("Negative prompt: blurry Steps: 20, Sampler: Euler a, ...").
 */

/** What a flag does with the text behind it. */
type Kind =
  /** Gives it to the prompt. */
  | 'prompt'
  /** Takes all of it up to the next flag. */
  | 'negative'
  /** Takes all that is left. */
  | 'rest'
  /** Takes one word, or what is in quotes. */
  | 'word'
  /** Takes the codes and addresses of pictures and profiles. */
  | 'references'
  /** Takes the name of a sampler. */
  | 'sampler'
  /** Takes a number, where one follows. */
  | 'number';

const vocabulary: readonly (readonly [Kind, RegExp])[] = [
  ['prompt', /^(?:prompt|positive)(?:[_-]?(?:prompt|\d))?$/],
  ['number', /^no[_-]half(?:[_-]vae)?$/],
  ['negative', /^(?:n|no|neg|negatives?|uc)$|^neg(?:ative)?[_-]?prompts?(?:[_-]?\d)?$|^no[_-]\w/],
  ['references', /^(?:[sco]ref|p|profile)$/],
  ['sampler', /^(?:sampler|sampling|scheduler)(?:[_-](?:name|index|method))?$|^ss$/],
  [
    'word',
    /^(?:styles?|outpath[_-]\w+|outdir|prompt[_-]for[_-]display|personalize|model|sd[_-]model|m|i|ci|cn|cm|init[_-]?im(?:g|age)|image|url|motion|end|version|v)$/,
  ],
  [
    'number',
    new RegExp(
      '^(?:ar|aspect(?:[_-]?ratio)?|niji|q|quality|s|stylize|chaos|c|seed|sameseed|w|width|weird|h|height|size|iw|sw|cw|ow|sv|' +
        'stop|zoom|repeat|r|exp|bs|loop|d|l|g|fs|am|f|b|frames|scale|cfg|steps|num[_-]inference[_-]steps|strength|' +
        '(?:cfg|guidance)[_-]?scale|guidance|denoising[_-]strength|clip[_-]?skip|batch(?:[_-](?:size|count))?|n[_-]iter|' +
        'subseed(?:[_-]\\w+)?|hr[_-]\\w+|tile|tiling|hd|test|testp|creative|beta|uplight|upbeta|upanime|upscale|video|fast|relax|' +
        'turbo|draft|raw|public|stealth|restore[_-]faces|do[_-]not[_-]save[_-]\\w+|seed[_-]resize[_-]from[_-][hw]|enable[_-]hr|' +
        'hires[_-]?fix|plms|ddim[_-]\\w+|n[_-](?:samples|rows)|nl|t|ct|seamless)$',
    ),
  ],
];

/** Names that a typographic dash, which prose has too, or a glued one may begin. */
const behindAnyDash =
  /^(?:ar|aspect|v|no?|s|q|c|w|h|iw|style|stylize|chaos|seed|niji|test|testp|tile|hd|beta|uplight|upbeta|width|height)$|^neg/;
/** Names that one hyphen may begin without a number behind them. */
const behindHyphen = /^(?:p|prompt|n|no|neg\w*(?:[_-]prompts?)?)$/;
/** Single letters with their number glued on, behind one hyphen: InvokeAI. */
const glued = /^[swhcnldgqv]$/;

/** Also codes with a weight, and further ones; numbers of one or two digits are the prompt's. */
const references =
  /^[\s=:]+("[^"]*"|(?![-—–―‒−])[^\s,]+)(?:\s+(?:<?https?:\/\/[^\s,]+|\d{3,}(?:::[\d.]+)?|(?=[a-z]*\d)(?=\d*[a-z])[a-z\d]{5,}(?:::[\d.]+)?)(?![^\s,]))*/i;
const truth = /^[\s=:]+(?:true|false)\b/i;
const number = /^[\s=:]*(?:\d+ ?: ?\d+|-?(?:\d[\d.,:x/]*|\.\d+)(?:px|%)?)(?![\p{L}\d])/iu;
const oneWord = /^[\s=:]+("[^"]*"|(?![-—–―‒−])[^\s,]+)/;
const sampler =
  /^[\s=:]+("[^"]*"|(?![-—–―‒−])[^\s,]+)(?: (?:a|s|2m|2s|3m|sde|karras|exponential|ancestral|heun|sgm|uniform|alt)\b)*/i;
const opener =
  /(?<![-—–―‒−])(?<dash>[-—–―‒−]+)(?<gap> ?)(?<name>[a-z]+(?:[_-][a-z0-9]+)*)(?<digits>\d[\d.]*(?: ?: ?\d+|[x/]\d+)?)?|\b(?<label>neg(?:ative)?[ _-]?prompts? ?(?:[:=]|-(?= ))|(?:negative|undesired content) ?:|steps: ?\d+, ?(?=(?:sampler|schedule|cfg|seed|size|model)\b))/giu;
/** Whether there may be a flag at all: most prompts have none. */
const mayHold = /--|(?<![\p{L}\d-])-[a-z]|[—–―‒−]|neg(?:ative)?[ _-]?prompt|(?:negative|undesired content) ?:|steps:/iu;
/** Before "Negative:" alone, which else is a word of the prompt. */
const positive = /^\s*(?:prompts?|positive(?:\s+prompts?)?)\s*:/i;
/** What commands and parameters put before the prompt. */
const lead = /^\s*(?:\/imagine\s+)?(?:prompts?|positive(?:\s+prompts?)?)\s*:\s*|^\s*\/imagine\s+/i;

interface Flag {
  kind: Kind;
  start: number;
  /** Where the text behind it begins: behind its value, too, where that is a number or a word. */
  end: number;
  /** One of InvokeAI's, for which words in square brackets are a negative prompt. */
  ofInvoke?: boolean;
}

/** Hyphens and colons of other scripts and of word processors as their plain ones, each in its own place. */
const plainSigns = (text: string): string =>
  text
    .replace(/[‐‑﹣－]/g, '-')
    .replace(/[⸺⸻﹘]/g, '—')
    .replace(/[：﹕]/g, ':')
    .replace(/＝/g, '=');

function flagsOf(text: string): Flag[] {
  const plain = plainSigns(text);
  return mayHold.test(plain) ? flagsIn(plain) : [];
}

export function hasFlags(text: string): boolean {
  return flagsOf(text).length > 0;
}

/**
 * The prompt of a text: flags go with their values, negative prompts with all words up to the next flag. Text without
 * flags stays as it is; what comes back has none.
 */
export function stripFlags(text: string): string {
  let rest = text;
  // Behind a flag that went, what looked like a value may be one; a few rounds do for any text that a person typed.
  for (let round = 0; round < roundsAtMost; round++) {
    const flags = flagsOf(rest);
    if (flags.length === 0) return rest;
    rest = withoutFlags(rest, flags);
  }
  for (let [first] = flagsOf(rest); first; [first] = flagsOf(rest)) rest = tidy(rest.slice(0, first.start));
  return rest;
}

/** The text from its first flag on, or none of it. */
export function fromFirstFlag(text: string): string {
  const [first] = flagsOf(text);
  return first ? text.slice(first.start) : '';
}

/** The text without words in square brackets where its flags are InvokeAI's, for which they are a negative prompt. */
export function withoutInvokeNegatives(text: string): string {
  return text.includes('[') && flagsOf(text).some(({ ofInvoke }) => ofInvoke) ? withoutBrackets(text) : text;
}

const withoutBrackets = (text: string): string => text.replace(/(?<!\\)\[[^\]]*\]/g, ' ');

const roundsAtMost = 4;

function withoutFlags(text: string, flags: readonly Flag[]): string {
  const words = flags.some(({ ofInvoke }) => ofInvoke) ? withoutBrackets : String;
  const kept = [words(text.slice(0, flags[0]!.start).replace(lead, ''))];
  flags.forEach(({ kind, end }, i) => {
    if (kind === 'negative' || kind === 'rest') return;
    const behind = words(text.slice(end, flags[i + 1]?.start));
    kept.push(kind === 'prompt' ? unquoted(behind.replace(/^[\s=:]+/, '')) : behind);
  });
  return unquoted(tidy(kept.join(' ')));
}

function flagsIn(text: string): Flag[] {
  const found: Flag[] = [];
  let free = 0; // what lies before it belongs to a value
  for (const match of text.matchAll(opener)) {
    if (match.index < free) continue;
    const flag = flagAt(text, match, found);
    if (!flag) continue;
    found.push(flag);
    if (flag.kind === 'rest') break;
    free = flag.kind === 'negative' || flag.kind === 'prompt' ? quotedEnd(text, flag.end) : flag.end;
  }
  return found;
}

/** The flag at a match, or undefined where the dashes are prose. */
function flagAt(text: string, match: RegExpMatchArray, before: readonly Flag[]): Flag | undefined {
  const { dash = '', gap = '', name: written = '', digits = '', label } = match.groups ?? {};
  const start = match.index!;
  const behind = start + match[0].length;
  if (/^negative ?:/i.test(label ?? '') && !positive.test(text)) return undefined;
  if (label !== undefined) return { kind: /^s/i.test(label) ? 'rest' : 'negative', start, end: behind };

  const name = written.toLowerCase();
  const [kind] = vocabulary.find(([, names]) => names.test(name)) ?? [];
  const apart = start === 0 || /[\s,.;:!?()[\]{}<>"'`|“”‘’«»]/u.test(text[start - 1]!);
  const value = digits === '' ? number.exec(text.slice(behind, behind + 40)) : undefined;
  const numbered = digits !== '' || Boolean(value);
  const after = text[behind] ?? ' ';
  if ((digits === '' ? /[\p{L}\d_]/u : /[\p{L}_]/u).test(after)) return undefined; // a longer word

  const end = value ? behind + value[0].replace(/[.,:/]+$/, '').length : behind;
  if (kind === undefined) {
    const solver = dash === '-' && apart && name === 'a' && /^ ?(?:k_\w+|ddim|plms)\b/i.exec(text.slice(behind));
    if (solver) return { kind: 'word', start, end: behind + solver[0].length };
    // A name that nobody has heard of: a flag where it gives itself a value, else dashes before a word.
    const own = dash.startsWith('--') && gap === '' && apart;
    const assigned = own ? /^=("[^"]*"|\S+)/.exec(text.slice(behind)) : null;
    if (assigned) return { kind: 'word', start, end: behind + assigned[0].length };
    return own && value && /^\s*(?:$|-{2}|[—–―‒−,])/.test(text.slice(end)) ? { kind: 'number', start, end } : undefined;
  }
  if (gap !== '' && !(dash !== '-' && behindAnyDash.test(name) && kind !== 'negative' && numbered)) return undefined;
  if (dash === '-') {
    if (!apart) return undefined;
    const valued =
      digits === '' ? numbered && ((kind !== 'word' && kind !== 'references') || name === 'v') : glued.test(name);
    if (!behindHyphen.test(name) && !valued) return undefined;
  } else if (!dash.startsWith('--')) {
    if (!behindAnyDash.test(name)) return undefined;
    if (!apart && !numbered && !/^(?:beta|upbeta|uplight|testp)$/.test(name)) return undefined;
  } else if (
    !apart &&
    !(
      behindAnyDash.test(name) &&
      (numbered || kind === 'negative' || kind === 'word' || kind === 'references') &&
      name !== 'n'
    )
  ) {
    return undefined;
  }

  if (kind === 'negative' || kind === 'prompt') return { kind, start, end: behind };
  if (name === 'p' && !/^\s*(?:[\w-]*\d[\w-]*)?\s*(?:$|[-—–―‒−])/.test(text.slice(behind))) {
    // Midjourney's profile is a code; "-p" and what begins the text is the prompt itself.
    const first = before.length === 0 && text.slice(0, start).trim() === '';
    if (dash === '-' || first || /^\s*["“]/.test(text.slice(behind))) return { kind: 'prompt', start, end: behind };
  }
  const said = text.slice(behind);
  if (kind === 'references') return { kind, start, end: behind + (references.exec(said)?.[0].length ?? 0) };
  if (kind === 'number' && !numbered) return { kind, start, end: behind + (truth.exec(said)?.[0].length ?? 0) };
  if (numbered) return { kind, start, end, ofInvoke: dash === '-' && /^[swhcg]$/.test(name) };
  const words = kind === 'word' ? oneWord : kind === 'sampler' ? sampler : undefined;
  return { kind, start, end: behind + (words?.exec(said)?.[0].length ?? 0) };
}

/** Behind the closing quote of a value in quotes, else where the value begins: flags in quotes are words. */
function quotedEnd(text: string, at: number): number {
  const quoted = /^[\s=:]*(?:"(?:\\.|[^"\\])*"|“[^”]*”|'[^']*'(?!\p{L}))/u.exec(text.slice(at));
  return at + (quoted?.[0].length ?? 0);
}
