/** Returns the indices that sort `keys`, stably, by a two-pass radix sort. */
export function argsort(keys: Uint32Array): Uint32Array {
  let from = Uint32Array.from({ length: 0 });
  let to = new Uint32Array(keys.length);
  for (const shift of [0, 16]) {
    const starts = new Uint32Array(0x10001);
    for (let i = 0; i < keys.length; i++) starts[((keys[i]! >>> shift) & 0xffff) + 1]!++;
    for (let i = 1; i < starts.length; i++) starts[i]! += starts[i - 1]!;
    for (let i = 0; i < keys.length; i++) {
      const place = shift === 0 ? i : from[i]!;
      to[starts[(keys[place]! >>> shift) & 0xffff]!++] = place;
    }
    [from, to] = [to, shift === 0 ? new Uint32Array(keys.length) : from];
  }
  return from;
}
