import { beforeAll, describe, expect, it } from 'vitest';
import { InputError } from '../../../common/errors.ts';
import { Languages } from '../../../datasets/text/languages.ts';
import { PromptRules } from '../../../datasets/rules/rules.ts';
import { wordsOf } from '../../../datasets/text/words.ts';
import { emptyFolder, keepAll } from '../stage-runner.ts';

const english = [
  'a cat sitting on a red chair',
  'portrait of an old woman, soft light, highly detailed, 8k',
  'children play in the snow',
  'a robot reading a book in a library, artstation, by greg rutkowski',
];
const others: Record<string, string[]> = {
  fr: ['un chat assis sur une chaise rouge', 'des enfants jouent dans la neige'],
  de: ['eine Katze sitzt auf einem roten Stuhl', 'Kinder spielen im Schnee'],
  es: ['un gato sentado en una silla roja', 'niños jugando en la nieve'],
  it: ['un gatto seduto su una sedia rossa', 'bambini che giocano nella neve'],
  pt: ['um gato sentado numa cadeira vermelha', 'crianças brincando na neve'],
  nl: ['een kat zit op een rode stoel', 'kinderen spelen in de sneeuw'],
  pl: ['kot siedzi na czerwonym krześle', 'dzieci bawią się w śniegu'],
  sv: ['en katt sitter på en röd stol', 'barn leker i snön'],
  tr: ['kırmızı sandalyede oturan bir kedi', 'dağ manzarası, güneş batarken yağlı boya'],
  ru: ['кошка сидит на красном стуле', 'дети играют в снегу'],
  ja: ['赤い椅子に座っている猫', '雪の中で遊ぶ子供たち'],
  zh: ['一只猫坐在红色的椅子上', '孩子们在雪地里玩耍'],
};

describe('Languages', () => {
  let onlyEnglish: Languages;
  const foreign = (prompt: string): string | undefined => onlyEnglish.foreign(prompt, wordsOf(prompt));
  beforeAll(async () => void (onlyEnglish = await Languages.load(['en'])));

  it('are distinguished from four words on', async () => {
    for (const prompt of english) expect(foreign(prompt), prompt).toBeUndefined();
    for (const prompt of Object.values(others).flat()) expect(foreign(prompt), prompt).toBeDefined();
    expect(foreign('eine rote Katze')).toBeUndefined();
    expect(foreign('1 2 3 4 5')).toBeUndefined();
    for (const [code, prompts] of Object.entries(others)) {
      if (code === 'sv' || code === 'ru') continue; // often taken for Danish, Norwegian, Serbian
      const own = await Languages.load(['en', code]);
      for (const prompt of prompts) expect(own.foreign(prompt, wordsOf(prompt)), prompt).toBeUndefined();
    }
  });

  it('unknown to the detector are refused', async () => {
    await expect(Languages.load(['en', 'english'])).rejects.toThrow(InputError);
    await expect(Languages.load(['english'])).rejects.toThrow(
      /filter\.languages: "english" is not supported; expected some of .*en,/,
    );
  });

  it('are a reason to drop a prompt when they are configured', async () => {
    const german = others['de']![0]!;
    const judge = async (languages?: string[]) =>
      (await PromptRules.load({ ...keepAll, languages }, await emptyFolder())).judge(german);
    expect(await judge(['en'])).toMatchObject({
      kept: false,
      reason: 'language',
      detail: 'it looks like "de", not en',
    });
    expect(await judge(['en', 'de'])).toMatchObject({ kept: true });
    expect(await judge()).toMatchObject({ kept: true });
  });
});
