import fc from 'fast-check';
import { expect, it } from 'vitest';
import { hasFlags, stripFlags } from '../../../datasets/text/prompt-flags.ts';
import { normalizePrompt } from '../../../datasets/text/normalize.ts';
import { stripWeights } from '../../../datasets/text/prompt-weights.ts';

const strips = (cases: readonly (readonly [text: string, expected: string])[]): void => {
  for (const [text, expected] of cases) {
    expect(stripFlags(text), text).toBe(expected);
    expect(hasFlags(text), text).toBe(true);
    expect(hasFlags(expected), text).toBe(false);
  }
};

it('flags of Midjourney are removed with their values', () => {
  strips([
    ['a cat --ar 16:9', 'a cat'],
    ['a cat --ar 16:9 --v 5.1 --stylize 750 --no hands, text', 'a cat'],
    ['--tile a cat, 8k', 'a cat, 8k'],
    ['a cat —ar 2:3 —v 4', 'a cat'],
    ['darth vader, photography –s 625 –q 2 –iw 3', 'darth vader, photography'],
    ['hard rim lighting photography–beta –ar 2:3 –beta –upbeta', 'hard rim lighting photography'],
    ['los hombros --q2 --s750', 'los hombros'],
    ['a cat --style raw --seed=42 in the rain', 'a cat in the rain'],
    ['a cat --hd, sharp', 'a cat, sharp'],
    ['a cat--ar 16:9', 'a cat'],
    ['a cat, --niji 5 --chaos 10.', 'a cat, .'],
    ['/imagine prompt: a cat --v 6.0 --sref https://a.b/c.png --p m7x2 --raw', 'a cat'],
    ['a cat — ar 16:9', 'a cat'],
    ['a cat —no text, watermark', 'a cat'],
  ]);
});

it('commands of chats, labels and addresses in front of a prompt are removed, flags behind it or not', () => {
  const url = 'https://cdn.a.b/1/x.png?w=1,2';
  strips([
    ['/imagine prompt: a cat', 'a cat'],
    ['/imagine prompt:a cat, red', 'a cat, red'],
    ['/IMAGINE  prompt : "a cat"', 'a cat'],
    ['/imagine a cat', 'a cat'],
    ['imagine prompt: a cat', 'a cat'],
    ['/dream prompt: a cat', 'a cat'],
    ['!dream "a cat" -S 42', 'a cat'],
    ['Prompt: a cat', 'a cat'],
    ['prompt：a cat', 'a cat'],
    ['Positive prompt: a cat', 'a cat'],
    ['/imagine prompt: Prompt: a cat', 'a cat'],
    [`/imagine prompt: ${url} a cat --ar 16:9`, 'a cat'],
    [`${url} ${url}, <${url}>::2 ${url} ${url} ${url} a cat`, 'a cat'],
    [`<${url}> a cat --iw 2`, 'a cat'],
    [url, ''],
    ['/imagine prompt:', ''],
    ['/imagine prompt: --no dogs --prompt a cat', 'a cat'],
    ['**a cat --ar 3:2 --v 5** - <@1234567> (fast)', 'a cat'],
    ['**a cat** - Image #2 <@!12>', 'a cat'],
    [`**${url} a **bold** cat** - Variations (Strong) by <@12> (relaxed)`, 'a **bold** cat'],
    ['**/imagine prompt: a cat** - @someone (fast)', 'a cat'],
  ]);
  for (const text of [
    'imagine a cat',
    'dream of a cat',
    'imagine prompt engineers',
    'prompts: two cats',
    'promptly: a cat',
    'Positive: a cat',
    'a prompt: "a cat"',
    `a cat from ${url}`,
    'https:// a cat',
    'httpd://a.b a cat',
    '/ a cat',
    '/imagined cats',
    '**a cat** - by a painter',
    '** a cat',
    '(a cat, https://a.b)',
  ])
    expect([hasFlags(text), stripFlags(text)], text).toEqual([false, text]);
});

it("flags of sd-scripts' and InvokeAI's prompt lines are removed with their values", () => {
  strips([
    ['a red fox, in snow --n low quality, bad anatomy --w 768', 'a red fox, in snow'],
    ['masterpiece, 1girl --n worst quality --w 768 --h 768 --d 1 --l 7.5 --s 28 --g 2.0', 'masterpiece, 1girl'],
    ['a dog --w 512 --d -1 --fs 3.0 --ss euler_a', 'a dog'],
    ['"a cat on a mat" -s50 -W512 -H704 -C7.5 -A k_lms -S 42', 'a cat on a mat'],
  ]);
});

it("flags of the web UI's prompt files are removed, and --prompt is the prompt", () => {
  strips([
    ['--prompt a dog in the rain --negative_prompt golden retriever', 'a dog in the rain'],
    ['--prompt "a dog, in rain" --negative_prompt "blurry --steps 3 low" --steps 20', 'a dog, in rain'],
    ['--negative-prompt "ugly" bad --prompt "a dog"', 'a dog'],
    ["-p 'a dog' -n 'a cat' -W 512", 'a dog'],
    ['--p a dog by night --n cats', 'a dog by night'],
    ['--prompt a dog --sampler_name "DPM++ 2M Karras" --cfg_scale 7', 'a dog'],
    ['--prompt a dog --sampler_name DPM++ 2M Karras --outpath_samples /tmp/x', 'a dog'],
    ['--prompt=a dog --negative_prompt=cats, --width 512', 'a dog'],
  ]);
});

it('parameters as the web UI writes them are removed, on several lines and on one', () => {
  const text =
    'a red fox, <lora:x:1>\nNegative prompt: blurry, (low quality:1.4),\nugly\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 1, Size: 512x512, Model: v1-5';
  strips([
    [text, 'a red fox, <lora:x:1>'],
    [normalizePrompt(text), 'a red fox, <lora:x:1>'],
    ['Prompt: a flat icon Negative prompt: black and white', 'a flat icon'],
    ['Negative prompt: blurry', ''],
    ['Steps: 20, Sampler: Euler a, CFG scale: 7', ''],
    ['a cat\nSteps: 30, Size: 512x768', 'a cat'],
    ['a cat, neg_prompt: dogs', 'a cat'],
  ]);
});

it('all codes and addresses of pictures and profiles are removed, but no number of the prompt', () => {
  strips([
    ['a cat --sref 1234 5678 --sw 100', 'a cat'],
    ['a cat --sref https://a.b/1.png https://a.b/2.png::2 --ar 1:1', 'a cat'],
    ['a cat --cref https://a.b/1.png <https://a.b/2.png>, red', 'a cat, red'],
    ['a cat --p abc123 def456', 'a cat'],
    ['a cat --p abc123 in the rain', 'a cat in the rain'],
    ['--sref 1234 2 dogs in 8k', '2 dogs in 8k'],
    ['a cat --sref random', 'a cat'],
  ]);
});

it('values that are attached or say true are removed, and so are flags of scripts', () => {
  strips([
    ['a cat --ar16:9', 'a cat'],
    ['a cat --ar16x9 --v6', 'a cat'],
    ['a cat --restore_faces true --tiling false --steps 20', 'a cat'],
    ['a cat --hr_scale 2 --enable_hr true', 'a cat'],
    ['a cat --n_samples 4 --n_iter 2 --plms', 'a cat'],
    ['a cat --cn control.png --n bad', 'a cat'],
    ['a cat --no-half --no_half_vae, red', 'a cat, red'],
    ['--prompt "a \\"nice\\" cat" --negative_prompt "a \\"bad\\" dog"', 'a "nice" cat'],
  ]);
});

it('a negative prompt is recognized after dashes and colons of other keyboards, and attached to its first word', () => {
  for (const dash of ['‐‐', '‑‑', '－－', '﹣﹣', '⸺', '-‑'])
    strips([[`a well‑known fox ${dash}no dogs, cats`, 'a well‑known fox']]);
  strips([
    ['a fox Negative prompt：blurry', 'a fox'],
    ['a fox Negative prompt - blurry', 'a fox'],
    ['Positive prompt: a fox, Negative prompt: blurry', 'a fox'],
    ['Positive: a fox Negative: blurry, red', 'a fox'],
    ['a fox Undesired Content: blurry', 'a fox'],
    ['a fox --no-background', 'a fox'],
    ['a fox --no_people, text --ar 1:1', 'a fox'],
  ]);
  for (const text of ['a film negative: a fox', 'a well‑known fox', 'a fox ‑ sitting', 'time：noon'])
    expect(stripFlags(text), text).toBe(text);
});

it('a label of a negative prompt is recognized after dashes and separators, which it takes with it', () => {
  const labels = ['Negative prompt:', 'negative_prompt:', 'negative-prompt =', 'neg prompt:', 'Undesired content:'];
  const separators = [' — ', ' - ', ' -- ', ' – ', ' | ', '; ', ' / ', ' // ', ' ** ', '\n- ', ' —', ' | - '];
  for (const label of labels)
    for (const separator of separators) strips([[`a red fox${separator}${label} people`, 'a red fox']]);
  strips([
    ['Prompt: a red fox - negative: people', 'a red fox'],
    ['Prompt: a red fox | Negative: people', 'a red fox'],
    ['a red fox | --no people', 'a red fox'],
    ['a red fox - Steps: 20, Sampler: Euler a', 'a red fox'],
  ]);
});

it('a negative prompt in brackets ends with them', () => {
  strips([
    ['a red fox [Negative prompt: people]', 'a red fox'],
    ['a red fox (Negative prompt: people)', 'a red fox'],
    ['a red fox (negative_prompt: (people:1.2), dogs), in snow', 'a red fox, in snow'],
    ['a red fox {--no people} in snow', 'a red fox in snow'],
    ['a red fox [Negative prompt: people', 'a red fox'],
  ]);
});

it('a label of the prompt ends a negative prompt', () => {
  for (const label of ['prompt:', 'Prompt:', 'positive prompt:', 'positive_prompt=', 'prompt ='])
    for (const separator of [', ', '; ', ' ', '\n', ' | '])
      strips([
        [`negative_prompt: people${separator}${label} a red circle`, 'a red circle'],
        [`--no people${separator}${label} a red circle --ar 1:1`, 'a red circle'],
      ]);
  strips([
    ['Negative: people, Positive: a red circle', 'a red circle'],
    ['Negative prompt: Prompt: a red circle', 'a red circle'],
    ['a red circle --negative prompt: people', 'a red circle'],
    ['a red circle --n "bad, prompt: people" dogs', 'a red circle'],
  ]);
});

it('a flag in quoted words is text, unless all is quoted', () => {
  for (const text of [
    'a sign that says "--no smoking" in red',
    'a sign that says “—no smoking”',
    "a sign that says '--no smoking' in red",
    '"--no smoking", a sign',
    'a shirt with the words "Negative prompt: people"',
    'a terminal with "git log --n 5" on it',
  ])
    expect([hasFlags(text), stripFlags(text)], text).toEqual([false, text]);
  strips([
    ['a sign that says "--no smoking" in red --no people', 'a sign that says "--no smoking" in red'],
    ['"a red fox --no people"', 'a red fox'],
    ['"a red fox --no people" --ar 1:1', 'a red fox'],
    ['a 5" disk --no 3" tapes', 'a 5" disk'],
  ]);
});

it('the prompt may follow a quoted negative prompt', () => {
  strips([
    ['--negative_prompt "people" "a red fox"', 'a red fox'],
    ['--negative_prompt "people" a red fox --ar 1:1', 'a red fox'],
    ["-n 'people' 'a red fox'", 'a red fox'],
    ['a red fox --negative_prompt "people" "dogs"', 'a red fox'],
  ]);
});

it("words in square brackets are a negative prompt beside InvokeAI's flags", () => {
  strips([
    ['a red fox [bad anatomy, low quality] -s50 -W512 -C7.5 -A k_lms', 'a red fox'],
    ['a red fox [blurry] -s 50', 'a red fox'],
    ['a red [fox] --steps 50', 'a red [fox]'],
  ]);
  expect(stripWeights('a (red:1.2) fox [blurry] -s50')).toBe('a red fox -s50');
  expect(stripWeights('a (red:1.2) [fox] --steps 50')).toBe('a red fox --steps 50');
});

it('every spelling of a negative prompt takes everything up to the next flag', () => {
  const names = ['n', 'neg', 'no', 'negative', 'negative_prompt', 'negative-prompt', 'NEGATIVE_PROMPT'];
  for (const dash of ['--', '-', '—', '–', '---']) {
    for (const name of names) {
      for (const gap of [' ', '=', ': ']) {
        strips([
          [`a fox ${dash}${name}${gap}low quality, bad hands --w 768`, 'a fox'],
          [`a fox, ${dash}${name}${gap}"low quality" bad`, 'a fox'],
          [`${dash}${name}${gap}low quality --prompt a fox`, 'a fox'],
        ]);
      }
    }
  }
  strips([
    ['a cat --no', 'a cat'],
    ['a cat --n ""', 'a cat'],
  ]);
});

it('prose with dashes is unchanged', () => {
  for (const text of [
    'a well--known cat',
    'a cat — sitting',
    'a cat —sitting',
    'a cat -- sitting',
    'a cat --sitting on a mat',
    'x -- y',
    'a cat --',
    'a cat -',
    '-- a cat',
    'rock--n roll, hyper-detailed, 3-d',
    'a chair --with 2 cats',
    'COLOR PAINTING -award - winning',
    'Aperture — f/5.6—8.0, Shutter speed — 1/160 sec',
    'a full – body shot',
    'a no-smoking sign',
    'a sad robot, -s, T-800',
    'steps: a staircase',
    'an AK-47, Wi-Fi',
    '--ähnlich',
    'a prompt: "negative space"',
    '',
    '  two  spaces , kept ',
  ]) {
    expect(hasFlags(text), text).toBe(false);
    expect(stripFlags(text), text).toBe(text);
  }
});

const word = fc.constantFrom('fox', 'red', 'snow,', 'in', '8k', 'hyper-real', '—', '--', '-', '"old"', "fox's", '16:9');
const phrase = fc.array(word, { minLength: 1, maxLength: 6 }).map((words) => words.join(' '));
const dashes = fc.constantFrom('--', '-', '—', '–');
const negativeName = fc.constantFrom('n', 'neg', 'no', 'negative', 'negative_prompt', 'negative-prompt');
const setting = fc.constantFrom(
  '--ar 16:9',
  '--v 5',
  '--w 768',
  '--steps 20',
  '--s 750',
  '--seed=3',
  '—ar 2:3',
  '--q2',
);

it('words of a negative prompt are never in the prompt, and those of the prompt stay', () => {
  const bad = fc.array(fc.constantFrom('BAD,', 'BAD', '"BAD"', "BAD's", '--', '(BAD:1.2)', '-BAD', 'BAD --BAD'), {
    minLength: 1,
    maxLength: 5,
  });
  const negative = fc
    .tuple(dashes, negativeName, fc.constantFrom(' ', '=', ' "'), bad)
    .map(([dash, name, gap, words]) => {
      const text = words.join(' ');
      return `${dash}${name}${gap}${text}${gap === ' "' ? '"' : ''}`;
    });
  const kept = fc.array(fc.constantFrom('fox', 'red', 'snow', 'in'), { minLength: 1, maxLength: 5 });
  const flags = fc.array(fc.oneof(negative, setting), { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(kept, flags, fc.boolean(), (words, parts, asFlag) => {
      const prompt = words.join(' ');
      const text = asFlag ? `${parts.join(' ')} --prompt ${prompt}` : `${prompt} ${parts.join(' ')}`;
      expect(stripFlags(text), text).toBe(prompt);
    }),
    { seed: 1, numRuns: 2000 },
  );
});

it('nothing is left to strip the second time', () => {
  const flag = fc
    .tuple(dashes, fc.oneof(negativeName, fc.constantFrom('prompt', 'p', 'foo', 'tile', 'style')))
    .map(([dash, name]) => dash + name);
  const label = fc.constantFrom(
    ...['Negative prompt:', 'Steps: 20, Sampler:', '/imagine prompt:', 'Prompt:', 'https://a.b/c', '**', '** - <@1>'],
    ...['"', '=', ' -', '16:9'],
  );
  const glue = fc.constantFrom('', ' ', ' ', ', ');
  const text = fc
    .array(fc.tuple(fc.oneof(phrase, flag, setting, label), glue), { maxLength: 12 })
    .map((parts) => parts.flat().join(''));
  fc.assert(
    fc.property(text, (each) => {
      const once = stripFlags(each);
      expect(hasFlags(once), each).toBe(false);
      expect(stripFlags(once)).toBe(once);
      expect(hasFlags(each) || once === each).toBe(true);
    }),
    { seed: 1, numRuns: 3000 },
  );
});

it('a prompt without flags is unchanged', () => {
  fc.assert(
    fc.property(phrase, (text) => void expect(stripFlags(text)).toBe(text)),
    { seed: 1, numRuns: 1000 },
  );
});

it('long texts full of possible flags are handled in bounded time', () => {
  for (const unit of [
    '--no a ',
    '-- ',
    '--sref 1234 ',
    '--sref https://a ',
    'negative: ',
    '[a -s5 ',
    '—',
    '"--n ',
    '-n-',
    '--prompt "',
    'steps: 1 ',
    '--a-a',
    '--ar 1:',
    ' -',
    'https://a ',
    'https://a,',
    '<https://a>',
    '/imagine prompt: ',
    'prompt: ',
    '** - ',
    '**',
    '** - <@1> ',
    '(--no a ',
    '- negative: prompt: ',
    '"a --n b" ',
    '| ',
    '--no a | | ',
  ]) {
    expect(hasFlags(stripFlags(unit.repeat(20_000))), unit).toBe(false);
  }
});
