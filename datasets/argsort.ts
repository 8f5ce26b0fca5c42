/** The places of `keys` in the order of their values, equal ones in the order of `order`: a radix sort of two passes. */
export function argsort(keys: Uint32Array, order: Uint32Array): Uint32Array {
  let from = order;
  let to: Uint32Array = new Uint32Array(order.length);
  for (const shift of [0, 16]) {
    const starts = new Uint32Array(0x10001);
    for (let i = 0; i < keys.length; i++) starts[((keys[i]! >>> shift) & 0xffff) + 1]!++;
    for (let i = 1; i < starts.length; i++) starts[i]! += starts[i - 1]!;
    for (let i = 0; i < from.length; i++) {
      const place = from[i]!;
      to[starts[(keys[place]! >>> shift) & 0xffff]!++] = place;
    }
    [from, to] = [to, from];
  }
  return from;
}
