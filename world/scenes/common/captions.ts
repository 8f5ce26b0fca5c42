import type { RandomStream } from '../../../common/random.ts';

/** An object at its place; attributes may be unsaid. */
interface Described {
  readonly shape?: string;
  readonly color?: string;
  readonly background?: string;
  readonly size?: string;
  readonly position?: string;
}

/** Names of each attribute's values; the first is canonical. */
export type Names = Readonly<Record<keyof Described, Readonly<Record<string, readonly string[]>>>>;

/** What an object is called whose shape is unsaid. */
export const noun = 'shape';

/** Words that captions have besides the names. */
export const captionWords: readonly string[] = 'in at the corner on a background with against'.split(' ');

/** Returns names that are the values themselves. */
export function sameNames<V extends string>(values: readonly V[]): Record<V, readonly string[]> {
  return Object.fromEntries(values.map((value) => [value, [value]])) as unknown as Record<V, readonly string[]>;
}

/** Word orders of the attributes; without a stream the first is used. */
const phrasings: readonly ((words: Words) => string)[] = [
  ({ size, color, shape, place, background }) =>
    `a ${join(size, color, shape, place)}${background && ` on a ${background} background`}`,
  ({ size, color, shape, place, background }) =>
    `a ${join(size, color, shape)}${background && ` on ${background}`}${place && `, ${place}`}`,
  ({ size, color, shape, place, background }) =>
    background
      ? `a ${background} background with a ${join(size, color, shape, place)}`
      : `a ${join(size, color, shape, place)}`,
  ({ size, color, shape, place, background }) =>
    `${place && `${place}, `}a ${join(size, color, shape)}${background && ` against a ${background} background`}`,
  ({ size, color, shape, place, background }) =>
    list(join(color, shape), size, place, background && `${background} background`),
];

interface Words {
  readonly size: string;
  readonly color: string;
  readonly shape: string;
  readonly place: string;
  readonly background: string;
}

function join(...words: string[]): string {
  return words.filter(Boolean).join(' ');
}

/** Joins the parts that are not empty by commas. */
export function list(...parts: string[]): string {
  return parts.filter(Boolean).join(', ');
}

/** Picks one of the options by the stream; without one, the first. */
export function pick(options: readonly string[], stream?: RandomStream): string {
  return stream ? stream.choice(options) : options[0]!;
}

/**
 * Says the given attributes. Without a stream it is canonical ("a small red circle in the top left on a white background");
 * a stream draws the phrasing and synonyms.
 */
export function describe(names: Names, scene: Described, stream?: RandomStream): string {
  const position = scene.position && pick(names.position[scene.position]!, stream);
  const corner = position && scene.position !== 'center' && stream && stream.uniform() < 0.3 ? ' corner' : '';
  const words: Words = {
    size: scene.size ? pick(names.size[scene.size]!, stream) : '',
    color: scene.color ?? '',
    shape: scene.shape ? pick(names.shape[scene.shape]!, stream) : noun,
    place: position ? `${pick(['in', 'at'], stream)} the ${position}${corner}` : '',
    background: scene.background ? pick(names.background[scene.background]!, stream) : '',
  };
  const phrasing = stream ? stream.choice(phrasings) : phrasings[0]!;
  return phrasing(words);
}
