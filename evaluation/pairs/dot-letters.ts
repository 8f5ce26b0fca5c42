/**
 * Letters of 5 x 7 dots, as character displays have them: the characters from blank to ~, five columns each in
 * hexadecimal; the lowest bit is the top dot, the eighth is below the base line.
 */
const columns =
  '0000000000 00005f0000 0007000700 147f147f14 242a7f2a12 2313086462 3649562050 0008070300 001c224100 0041221c00 ' +
  '2a1c7f1c2a 08083e0808 0080703000 0808080808 0000606000 2010080402 3e5149453e 00427f4000 7249494946 2141494d33 ' +
  '1814127f10 2745454539 3c4a494931 4121110907 3649494936 464949291e 0000140000 0040340000 0008142241 1414141414 ' +
  '0041221408 0201590906 3e415d594e 7c1211127c 7f49494936 3e41414122 7f4141413e 7f49494941 7f09090901 3e41415173 ' +
  '7f0808087f 00417f4100 2040413f01 7f08142241 7f40404040 7f021c027f 7f0408107f 3e4141413e 7f09090906 3e4151215e ' +
  '7f09192946 2649494932 03017f0103 3f4040403f 1f2040201f 3f4038403f 6314081463 0304780403 6159494d43 007f414141 ' +
  '0204081020 004141417f 0402010204 4040404040 0003070800 2054547840 7f28444438 3844444428 384444287f 3854545418 ' +
  '00087e0902 18a4a49c78 7f08040478 00447d4000 2040403d00 7f10284400 00417f4000 7c04780478 7c08040478 3844444438 ' +
  'fc18242418 18242418fc 7c08040408 4854545424 04043f4424 3c4040207c 1c2040201c 3c4030403c 4428102844 4c9090907c ' +
  '4464544c44 0008364100 0000770000 0041360800 0201020402';
const letters = columns.split(' ').map((hex) => [...Buffer.from(hex, 'hex')]);
/** What stands for a character that has no dots here. */
const box = [0x7f, 0x41, 0x41, 0x41, 0x7f];

const alike: Readonly<Record<string, string>> = {
  '‘': "'",
  '’': "'",
  '“': '"',
  '”': '"',
  '–': '-',
  '—': '-',
  '…': '...',
};

/** Width of a letter and the gap behind it, and height with what hangs below the line, in dots. */
export const LETTER_WIDTH = 6;
export const LETTER_HEIGHT = 8;

/** Reduces a text to characters that have dots, as far as possible: accents go, curly quotes become straight. */
export const drawable = (text: string): string =>
  [
    ...text
      .replace(/[‘’“”–—…]/g, (found) => alike[found]!)
      .normalize('NFKD')
      .replace(/\p{M}/gu, ''),
  ]
    .map((character) => (/\s/.test(character) ? ' ' : character))
    .join('');

/** Lists the dots of a drawable text, which begins at (0, 0). */
export function dotsOf(text: string): { x: number; y: number }[] {
  return [...text].flatMap((character, i) =>
    (letters[character.codePointAt(0)! - 32] ?? box).flatMap((column, x) =>
      Array.from({ length: LETTER_HEIGHT }, (_, y) => y)
        .filter((y) => (column >> y) & 1)
        .map((y) => ({ x: i * LETTER_WIDTH + x, y })),
    ),
  );
}

/** Breaks a drawable text into at most `most` lines of `width` letters; a longer one ends in "...". */
export function breakLines(text: string, width: number, most: number): string[] {
  const lines: string[] = [];
  let rest = [...text.replace(/ +/g, ' ').trim()];
  while (rest.length > width && lines.length < most - 1) {
    const blank = rest.slice(0, width + 1).lastIndexOf(' ');
    const end = blank > 0 ? blank : width;
    lines.push(rest.slice(0, end).join(''));
    rest = rest.slice(blank > 0 ? end + 1 : end);
  }
  lines.push(rest.length > width ? `${rest.slice(0, width - 3).join('')}...` : rest.join(''));
  return lines;
}
