import { tidy, unquoted } from './tidy.ts';

/**
 * Flags as people type them around a prompt: Midjourney ("--ar 16:9", "—no text"), sd-scripts' prompt files ("--n blurry
 * --w 768"), InvokeAI ("-s50 -W512"), the web UI's prompt files (`--prompt "a cat" --negative_prompt dogs`) and its
 * parameters ("Negative prompt: blurry Steps: 20, Sampler: Euler a, ...").
 */

/** Treatment of the text after a flag. */
type Kind =
  /** Keeps it as prompt. */
  | 'prompt'
  /** Takes everything up to the next flag. */
  | 'negative'
  /** Takes everything to the end. */
  | 'rest'
  /** Takes one word, or a quoted text. */
  | 'word'
  /** Takes the codes and addresses of pictures and profiles. */
  | 'references'
  /** Takes the name of a sampler. */
  | 'sampler'
  /** Takes a number, if one follows. */
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

/** Flag names allowed after a typographic dash, which prose has too, or after a dash glued to a word. */
const behindAnyDash =
  /^(?:ar|aspect|v|no?|s|q|c|w|h|iw|style|stylize|chaos|seed|niji|test|testp|tile|hd|beta|uplight|upbeta|width|height)$|^neg/;
/** Flag names allowed after one hyphen without a number following. */
const behindHyphen = /^(?:p|prompt|n|no|neg\w*(?:[_-]prompts?)?)$/;
/** Single letters after one hyphen with their number glued on: InvokeAI. */
const glued = /^[swhcnldgqv]$/;

/** One or more codes, also with weights; numbers of one or two digits belong to the prompt. */
const references =
  /^[\s=:]+("[^"]*"|(?![-—–―‒−])[^\s,]+)(?:\s+(?:<?https?:\/\/[^\s,]+|\d{3,}(?:::[\d.]+)?|(?=[a-z]*\d)(?=\d*[a-z])[a-z\d]{5,}(?:::[\d.]+)?)(?![^\s,]))*/i;
const truth = /^[\s=:]+(?:true|false)\b/i;
const number = /^[\s=:]*(?:\d+ ?: ?\d+|-?(?:\d[\d.,:x/]*|\.\d+)(?:px|%)?)(?![\p{L}\d])/iu;
const oneWord = /^[\s=:]+("[^"]*"|(?![-—–―‒−])[^\s,]+)/;
const sampler =
  /^[\s=:]+("[^"]*"|(?![-—–―‒−])[^\s,]+)(?: (?:a|s|2m|2s|3m|sde|karras|exponential|ancestral|heun|sgm|uniform|alt)\b)*/i;
const opener =
  /(?<![-—–―‒−])(?<dash>[-—–―‒−]+)(?<gap> ?)(?<name>[a-z]+(?:[_-][a-z0-9]+)*)(?<digits>\d[\d.]*(?: ?: ?\d+|[x/]\d+)?)?|\b(?<label>neg(?:ative)?[ _-]?prompts? ?(?:[:=]|-(?= ))|(?:negative|undesired content) ?:|(?:positive[ _-]?)?prompts? ?[:=]|positive ?:|steps: ?\d+, ?(?=(?:sampler|schedule|cfg|seed|size|model)\b))/giu;
/** Quick test for possible flags: most prompts have none. */
const mayHold = /--|(?<![\p{L}\d-])-[a-z]|[—–―‒−]|neg(?:ative)?[ _-]?prompt|(?:negative|undesired content) ?:|steps:/iu;
/** Label in a text in which "Negative:" alone is a flag; otherwise that is a word of the prompt. */
const positive = /(?:^|[,;.|\n])[^\S\n]*(?:prompts?|positive(?:\s+prompts?)?)\s*:/i;
/** Prefixes that commands and parameters put before the prompt, if flags are behind it. */
const lead = /^\s*(?:prompts?|positive(?:\s+prompts?)?)\s*:\s*/i;
/**
 * What chats and web pages put before a prompt, flags behind it or not: the commands of their bots ("/imagine prompt:",
 * "!dream"), the label "Prompt:", and addresses of pictures to begin with.
 */
const wrapper = (() => {
  const label = String.raw`(?:[/!]?(?:imagine|dream)\s+prompt\s*:|[/!](?:imagine|dream)(?=\s)|(?:positive\s+)?prompt\s*:)`;
  const address = String.raw`<?https?:\/\/[^\s<>]+>?(?:::-?[\d.]+)?`;
  return new RegExp(String.raw`^\s*(?:${label}\s*)?(?:${address}(?:\s[\s,]*${address})*(?=[\s,]|$))?`, 'i');
})();
const mayBeWrapped = /^\s*(?:[/!*]|imagine|dream|positive|prompt|<?https?:)/i;
/** A message of Midjourney's bot: "**a cat --v 5** - <@123> (fast)". */
const message = /^\s*\*\*(?=.*?(\*\* - (?:[A-Z][\w #()]* )?(?:<@!?\d+>|@\w)[^]*)$)/s;

interface Flag {
  kind: Kind;
  start: number;
  /** Start of the text after the flag, and after its value if that is a number or a word. */
  end: number;
  /** Whether it is InvokeAI's, where words in square brackets are a negative prompt. */
  ofInvoke?: boolean;
}

/** Replaces hyphens and colons of other scripts and word processors by plain ones, keeping all positions. */
const plainSigns = (text: string): string =>
  text
    .replace(/[‐‑﹣－]/g, '-')
    .replace(/[⸺⸻﹘]/g, '—')
    .replace(/[：﹕]/g, ':')
    .replace(/＝/g, '=');

function flagsOf(text: string): Flag[] {
  const plain = plainSigns(text);
  const [front, length] = mayBeWrapped.test(plain) ? wrapperOf(plain) : [[], plain.length];
  const behind: Flag[] = length < plain.length ? [{ kind: 'rest', start: length, end: length }] : [];
  const inside = plain.slice(0, length);
  return [...front, ...(mayHold.test(inside) ? flagsIn(inside, front[0]?.end) : []), ...behind];
}

/** Returns what is in front of the prompt as a flag of its own, and the length up to what a chat puts behind it. */
function wrapperOf(plain: string): [front: Flag[], length: number] {
  const chat = message.exec(plain);
  const start = chat?.[0].length ?? 0;
  const end = start + wrapper.exec(plain.slice(start))![0].length;
  const length = plain.length - (chat?.[1]!.length ?? 0);
  return [plain.slice(0, end).trim() === '' ? [] : [{ kind: 'word', start: 0, end }], length];
}

export function hasFlags(text: string): boolean {
  return flagsOf(text).length > 0;
}

/**
 * Removes flags with their values, and negative prompts with all words up to the next flag. Text without flags stays
 * unchanged; the result has none.
 */
export function stripFlags(text: string): string {
  let rest = text;
  // Removing a flag may expose another; a few rounds suffice for any text that a person typed.
  for (let round = 0; round < roundsAtMost; round++) {
    const flags = flagsOf(rest);
    if (flags.length === 0) return rest;
    rest = withoutFlags(rest, flags);
  }
  for (let [first] = flagsOf(rest); first; [first] = flagsOf(rest)) rest = tidy(rest.slice(0, first.start));
  return rest;
}

/** Returns the text from the first flag behind the prompt on, or an empty text. */
export function fromFirstFlag(text: string): string {
  const first = flagsOf(text).find(({ start }) => start > 0);
  return first ? text.slice(first.start) : '';
}

/** Removes words in square brackets if the flags are InvokeAI's, where they are a negative prompt. */
export function withoutInvokeNegatives(text: string): string {
  return text.includes('[') && flagsOf(text).some(({ ofInvoke }) => ofInvoke) ? withoutBrackets(text) : text;
}

const withoutBrackets = (text: string): string => text.replace(/(?<!\\)\[[^\]]*\]/g, ' ');

const roundsAtMost = 4;

function withoutFlags(text: string, flags: readonly Flag[]): string {
  const prompt = betweenFlags(text, flags);
  if (prompt !== '') return prompt;
  // A prompt may also follow a quoted negative prompt, as an argument without a name.
  return betweenFlags(
    text,
    flags.map((flag) => {
      const end = flag.kind === 'negative' ? quotedEnd(text, flag.end) : flag.end;
      return end > flag.end ? { ...flag, kind: 'word', end } : flag;
    }),
  );
}

function betweenFlags(text: string, flags: readonly Flag[]): string {
  const words = flags.some(({ ofInvoke }) => ofInvoke) ? withoutBrackets : String;
  const kept = [words(text.slice(0, flags[0]!.start).replace(lead, ''))];
  flags.forEach(({ kind, end }, i) => {
    if (kind === 'negative' || kind === 'rest') return;
    const behind = words(text.slice(end, flags[i + 1]?.start));
    kept.push(kind === 'prompt' ? unquoted(behind.replace(/^[\s=:]+/, '')) : behind);
  });
  return unquoted(tidy(kept.join(' ')));
}

/** @param free text before this offset belongs to a value */
function flagsIn(text: string, free = 0): Flag[] {
  const found: Flag[] = [];
  const quotations = [...quotationsIn(text)];
  const hasPositive = positive.test(text);
  const search = new RegExp(opener);
  for (let match = search.exec(text); match; match = search.exec(text)) {
    const at = match.index;
    while (quotations[0] && quotations[0].end <= at) quotations.shift();
    const isQuoted = quotations[0] !== undefined && quotations[0].start < at;
    const flag = at < free || isQuoted ? undefined : flagAt(text, match, found, hasPositive);
    if (!flag) {
      // Dashes that are prose may have a label behind them.
      search.lastIndex = at + (match.groups?.['dash'] ?? match[0]).length;
      continue;
    }
    const whole = flag.kind === 'negative' || flag.kind === 'rest' ? withSeparators(text, flag, free) : flag;
    found.push(whole);
    if (whole.kind === 'rest') break;
    free = whole.kind === 'negative' || whole.kind === 'prompt' ? quotedEnd(text, whole.end) : whole.end;
  }
  return found;
}

/** Words in quotes beside other words, such as a sign's; quotes around the whole text are the prompt's own. */
const quotation =
  /(?<![\p{L}\p{N}"\\])"(?=\S)(?:\\.|[^"\\])*(?<=\S)"(?![\p{L}\p{N}])|[“„][^“”]*[“”]|«[^»]*»|「[^」]*」|(?<![\p{L}\p{N}'])['‘](?=[-—–―‒−])[^'’]*['’](?!\p{L})/gu;

function* quotationsIn(text: string): Generator<{ start: number; end: number }> {
  for (const { index: start, 0: words } of text.matchAll(quotation)) {
    const end = start + words.length;
    if (text.slice(0, start).trim() !== '' || text.slice(end).trim() !== '') yield { start, end };
  }
}

const closing: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}', '<': '>' };
/** A bracket is not searched further than this for its end. */
const bracketAtMost = 2000;

/** Adds the separators before a flag to it ("a cat | Negative prompt: x"), and the brackets around it with all inside. */
function withSeparators(text: string, flag: Flag, free: number): Flag {
  let { start } = flag;
  while (start > free && /[\s,;|/\\*#•·~_+=—–―‒−-]/u.test(text[start - 1]!)) start--;
  const open = start > free ? text[start - 1]! : '';
  const close = closing[open];
  if (close === undefined) return { ...flag, start };
  start--;
  for (let at = flag.end, depth = 1; at < Math.min(text.length, flag.end + bracketAtMost); at++) {
    if (text[at] === open) depth++;
    else if (text[at] === close && --depth === 0) return { kind: 'word', start, end: at + 1 };
  }
  return { ...flag, start };
}

/** Returns the flag at a match, or undefined if the dashes are prose. */
function flagAt(
  text: string,
  match: RegExpMatchArray,
  before: readonly Flag[],
  hasPositive: boolean,
): Flag | undefined {
  const { dash = '', gap = '', name: written = '', digits = '', label } = match.groups ?? {};
  const start = match.index!;
  const behind = start + match[0].length;
  if (/^negative ?:/i.test(label ?? '') && !hasPositive) return undefined;
  if (/^p/i.test(label ?? ''))
    return endsNegative(text, before.at(-1), start) ? { kind: 'prompt', start, end: behind } : undefined;
  if (label !== undefined) return { kind: /^s/i.test(label) ? 'rest' : 'negative', start, end: behind };

  const name = written.toLowerCase();
  const [kind] = vocabulary.find(([, names]) => names.test(name)) ?? [];
  const apart = start === 0 || /[\s,.;:!?()[\]{}<>"'`|“”‘’«»]/u.test(text[start - 1]!);
  const value = digits === '' ? number.exec(text.slice(behind, behind + 40)) : undefined;
  const numbered = digits !== '' || Boolean(value);
  const after = text[behind] ?? ' ';
  if ((digits === '' ? /[\p{L}\d_]/u : /[\p{L}_]/u).test(after)) return undefined; // part of a longer word

  const end = value ? behind + value[0].replace(/[.,:/]+$/, '').length : behind;
  if (kind === undefined) {
    const solver = dash === '-' && apart && name === 'a' && /^ ?(?:k_\w+|ddim|plms)\b/i.exec(text.slice(behind));
    if (solver) return { kind: 'word', start, end: behind + solver[0].length };
    // An unknown name is a flag only if it has its own value; otherwise it is dashes before a word.
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
    // Midjourney's profile is a code; after "-p", or at the start of the text, comes the prompt itself.
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

/** Whether "prompt:" after a flag begins the prompt; in "--negative prompt:" it belongs to the flag's name. */
const endsNegative = (text: string, flag: Flag | undefined, start: number): boolean =>
  flag?.kind === 'negative' && (/[:=]/.test(text[flag.end - 1]!) || /[^\s_-]/.test(text.slice(flag.end, start)));

/** Returns the offset after a quoted value, else the start of the value: flags in quotes are words. */
function quotedEnd(text: string, at: number): number {
  const quoted = /^[\s=:]*(?:"(?:\\.|[^"\\])*"|“[^”]*”|'[^']*'(?!\p{L}))/u.exec(text.slice(at));
  return at + (quoted?.[0].length ?? 0);
}
