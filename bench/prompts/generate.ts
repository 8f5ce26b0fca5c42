/**
 * Generates rows like OpenPrompt's: what people type, with its long tail, and the JSON that the file keeps beside each
 * prompt. A row is a function of (seed, row) alone, so any part of a corpus can be made without the rest.
 */

/** Origin of a prompt: new, or made from the prompt of an earlier row. */
export type Kind = 'new' | 'exact' | 'near';

export interface GeneratedRow {
  prompt: string;
  kind: Kind;
  /** The row that a duplicate was made from; its own row for a new prompt. */
  base: number;
}

const exactShare = 0.15;
const nearShare = 0.1;
/** A prompt with fewer words has no near duplicate: with one word changed it is another prompt. */
const fewestWords = 8;

const subjects = words('portrait photo painting drawing render statue scene view study closeup poster sketch');
const links = words('of with and in on under beside near behind above like for');
/** Tags at the end of a third of all prompts. */
const stock = (
  'highly detailed,8k,4k,artstation,trending on artstation,sharp focus,digital painting,concept art,smooth,' +
  'illustration,cinematic lighting,octane render,unreal engine,intricate,elegant,volumetric lighting,photorealistic,' +
  'hyperrealistic,studio lighting,masterpiece,award winning,depth of field,bokeh,35mm,vivid colors,matte painting'
).split(',');

/** sfc32: small, fast, and good enough for text. */
function random(seed: number, row: number): () => number {
  let [a, b, c, d] = [seed | 0, row | 0, (row / 0x100000000) | 0x9e3779b9, 1];
  const next = (): number => {
    const t = (((a + b) | 0) + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + t;
    return (t >>> 0) / 0x100000000;
  };
  for (let i = 0; i < 12; i++) next();
  return next;
}

/** A whole number below n; small ones are far more frequent (density 1/x). */
const zipf = (next: () => number, n: number): number => Math.floor(n ** next()) - 1;

const syllables = words('ba ce di fo gu ha ji ka lo mu na pe ri so tu va we xi yo zu bra cle dri fla gro sta tre');
const known: string[] = [];
/** A pronounceable word for a rank: common ones are short. */
function wordOf(rank: number): string {
  return (known[rank] ??= spell(rank));
}

function spell(rank: number): string {
  let word = '';
  for (let left = rank + 7; left > 0; left = Math.floor(left / syllables.length)) {
    word += syllables[left % syllables.length]!;
  }
  return word;
}

/** The text of a new prompt. */
function newPrompt(next: () => number): string {
  const length = 3 + zipf(next, 14);
  const head = [next() < 0.5 ? 'a' : 'the', subjects[zipf(next, subjects.length)]!];
  for (let i = 0; i < length; i++) {
    head.push(i % 3 === 0 ? links[zipf(next, links.length)]! : wordOf(zipf(next, 60_000)));
  }
  const tags = [head.join(' ')];
  const more = next() < 0.25 ? 0 : zipf(next, 24);
  for (let i = 0; i < more; i++) {
    const one = next();
    if (one < 0.55) tags.push(stock[zipf(next, stock.length)]!);
    else if (one < 0.75) tags.push(`by ${wordOf(zipf(next, 3000))} ${wordOf(zipf(next, 9000))}`);
    else tags.push(`${wordOf(zipf(next, 20_000))} ${wordOf(zipf(next, 20_000))}`);
  }
  return tags.join(', ');
}

/** A near duplicate, as people make them: a tag more or less, another word, a typo, other punctuation. */
function nearPrompt(text: string, next: () => number): string {
  const tags = text.split(', ');
  const all = text.split(' ');
  const at = 1 + Math.floor(next() * (all.length - 1));
  switch (Math.floor(next() * 5)) {
    case 0:
      return `${text}, ${stock[zipf(next, stock.length)]!}`;
    case 1:
      return tags.length > 3 ? tags.toSpliced(1 + Math.floor(next() * (tags.length - 1)), 1).join(', ') : `${text}, 8k`;
    case 2:
      return all.with(at, wordOf(zipf(next, 60_000))).join(' ');
    case 3:
      return all.with(at, all[at]!.slice(0, 1) + all[at]!.slice(1).replace(/[a-z]/, 'q')).join(' ');
    default:
      return `${tags.join(' , ')}.`;
  }
}

/** Generates a row of a corpus. */
export function generateRow(seed: number, row: number): GeneratedRow {
  const next = random(seed, row);
  const draw = next();
  if (draw < exactShare + nearShare && row > 100) {
    const kind = draw < exactShare ? 'exact' : 'near';
    // Popular prompts are copied often: early rows are the popular ones. Any row leads to a new one in a few steps.
    for (let tries = 0; tries < 20; tries++) {
      const base = Math.floor(row * next() ** 2);
      const from = generateRow(seed, base);
      if (from.kind !== 'new' || (kind === 'near' && from.prompt.split(' ').length < fewestWords)) continue;
      if (kind === 'exact') return { prompt: from.prompt, kind, base };
      const prompt = nearPrompt(from.prompt, next);
      if (prompt !== from.prompt) return { prompt, kind, base };
    }
  }
  return { prompt: newPrompt(next), kind: 'new', base: row };
}

/** Generates the JSON that OpenPrompt keeps in `raw_data`, in the same size. */
export function rawData(seed: number, row: number, prompt: string): string {
  const next = random(seed ^ 0x5eed, row);
  const number = (n: number): number => Math.floor(next() * n);
  return (
    `{"image_uri":"https://images.example/${number(1e9)}-${number(1e9)}-${number(1e9)}.png",` +
    `"prompt":${JSON.stringify(prompt)},` +
    `"raw_discord_data":{"timestamp":${1_660_000_000 + number(5e6)},"seed":${number(2 ** 31)}},` +
    `"settings":{"cfg_scale":${7 + number(6)},"width":512,"height":512,"steps":50}}`
  );
}

function words(text: string): string[] {
  return text.split(' ');
}
