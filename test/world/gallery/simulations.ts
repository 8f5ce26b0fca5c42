import type { RandomStream } from '../../../common/random.ts';
import { attributes, gallery, type GalleryScene, type StyleName } from '../../../world/scenes/gallery/gallery-scene.ts';
import { render } from '../../../world/scenes/gallery/gallery-renderer.ts';
import { pictureLength } from '../../../world/scenes/gallery/placed-object.ts';
import { blur } from '../../../world/scenes/common/blur.ts';
import { noJitter, randomJitter } from '../../../world/scenes/common/jitter.ts';

const side = 64;
const pixels = side * side;

/** Applies a function to each color plane of a picture [64, 64, 3]. */
function byPlane(picture: Float32Array, change: (plane: Float32Array) => Float32Array): Float32Array {
  const changed = new Float32Array(picture.length);
  for (let c = 0; c < 3; c++) {
    const plane = change(Float32Array.from({ length: pixels }, (_, i) => picture[3 * i + c]!));
    plane.forEach((value, i) => (changed[3 * i + c] = value));
  }
  return changed;
}

const clip = (picture: Float32Array): Float32Array => picture.map((value) => Math.min(1, Math.max(0, value)));

const blurred = (picture: Float32Array, sigma: number): Float32Array =>
  byPlane(picture, (plane) => blur(plane, sigma, side));

/** Adds a smooth error: noise blurred with `sigma` pixels, of the given root mean square. */
function withSmoothError(picture: Float32Array, stream: RandomStream, sigma: number, size: number): Float32Array {
  const error = blurred(stream.normal(picture.length), sigma);
  const scale = size / Math.sqrt(error.reduce((sum, value) => sum + value * value, 0) / error.length);
  return picture.map((value, i) => value + scale * error[i]!);
}

/** Basis of the cosine transform of 8 numbers, [frequency][place]. */
const cosines = Array.from({ length: 8 }, (_, k) =>
  Array.from({ length: 8 }, (_, n) => Math.sqrt((k === 0 ? 1 : 2) / 8) * Math.cos((Math.PI / 8) * (n + 0.5) * k)),
);

/** Keeps the `kept` lowest frequencies of each 8 x 8 block, as a strong compression does. */
function lowPass(picture: Float32Array, kept: number): Float32Array {
  return byPlane(picture, (plane) => {
    const out = new Float32Array(pixels);
    for (let top = 0; top < side; top += 8)
      for (let left = 0; left < side; left += 8)
        for (let u = 0; u < kept; u++)
          for (let v = 0; u + v < kept; v++) {
            let amount = 0;
            for (let y = 0; y < 8; y++)
              for (let x = 0; x < 8; x++)
                amount += plane[(top + y) * side + left + x]! * cosines[u]![y]! * cosines[v]![x]!;
            for (let y = 0; y < 8; y++)
              for (let x = 0; x < 8; x++)
                out[(top + y) * side + left + x]! += amount * cosines[u]![y]! * cosines[v]![x]!;
          }
    return out;
  });
}

/** What an autoencoder that keeps an eighth of the resolution may do to a picture, several ways. */
export const autoencoders: Record<string, (picture: Float32Array, stream: RandomStream) => Float32Array> = {
  'blur and a smooth error': (picture, stream) => clip(withSmoothError(blurred(picture, 1.2), stream, 3, 0.04)),
  'blur and a smoother error': (picture, stream) => clip(withSmoothError(blurred(picture, 1.2), stream, 4, 0.04)),
  'low frequencies of blocks': (picture) => clip(lowPass(picture, 4)),
  'low frequencies of blocks and a smooth error': (picture, stream) =>
    clip(withSmoothError(blurred(lowPass(picture, 5), 0.8), stream, 3, 0.03)),
};

/** Draws a scene with another value of an attribute. */
function other<N extends keyof GalleryScene>(scene: GalleryScene, name: N, stream: RandomStream): GalleryScene {
  return { ...scene, [name]: stream.choice(attributes[name].filter((value) => value !== scene[name])) };
}

const lefts = ['center', 'top left', 'bottom left'] as const;
const rights = ['center', 'top right', 'bottom right'] as const;

/** Draws pictures of no scene. */
export const wrongPictures: Record<string, (style: StyleName, stream: RandomStream) => Float32Array> = {
  blank: (style, stream) => {
    const color = [stream.uniform(), stream.uniform(), stream.uniform()];
    return Float32Array.from({ length: pictureLength }, (_, i) => color[i % 3]!);
  },
  'blank ground': (style, stream) => render(stream.choice(gallery.all), style, { jitter: { ...noJitter, dx: 9 } }),
  noise: (style, stream) => Float32Array.from({ length: pictureLength }, () => stream.uniform()),
  'smooth noise': (style, stream) => clip(withSmoothError(new Float32Array(pictureLength).fill(0.5), stream, 6, 0.2)),
  'two objects': (style, stream) => {
    const first = stream.choice(gallery.all);
    const position = other(first, 'position', stream).position;
    return together(first, { ...stream.choice(gallery.all), background: first.background, position }, style, stream);
  },
  'the same object twice': (style, stream) => {
    const first = stream.choice(gallery.all);
    return together(first, other(first, 'position', stream), style, stream);
  },
  'halves of two scenes, each with its object': (style, stream) => {
    const scene = { ...stream.choice(gallery.all), position: stream.choice(lefts) };
    const { background } = other(scene, 'background', stream);
    const second = { ...stream.choice(gallery.all), background, position: stream.choice(rights) };
    const [left, right] = [scene, second].map((each) => render(each, style, { jitter: randomJitter(stream) }));
    return left!.map((value, i) => (Math.floor(i / 3) % side < side / 2 ? value : right![i]!));
  },
  'two scenes blended half and half': (style, stream) => {
    const scene = stream.choice(gallery.all);
    const { position } = other(scene, 'position', stream);
    const second = { ...stream.choice(gallery.all), position };
    const [a, b] = [scene, second].map((each) => render(each, style, { jitter: randomJitter(stream) }));
    return a!.map((value, i) => (value + b![i]!) / 2);
  },
};

/** Draws two objects on one ground: where both differ from it, the one that differs more. */
function together(first: GalleryScene, second: GalleryScene, style: StyleName, stream: RandomStream): Float32Array {
  const jitter = { ...randomJitter(stream), background: noJitter.background };
  const ground = render(first, style, { jitter: { ...noJitter, dx: 9 } });
  const [a, b] = [render(first, style, { jitter }), render(second, style, { jitter })];
  const far = (picture: Float32Array, pixel: number): number =>
    [0, 1, 2].reduce((sum, c) => sum + Math.abs(picture[3 * pixel + c]! - ground[3 * pixel + c]!), 0);
  return a.map((value, i) => (far(a, Math.floor(i / 3)) >= far(b, Math.floor(i / 3)) ? value : b[i]!));
}
