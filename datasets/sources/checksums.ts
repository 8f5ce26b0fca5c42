import xxhash from 'xxhash-wasm';

/** The check sums of zstd and LZ4 frames. */
const { create64, h32Raw, h64Raw } = await xxhash();

/** xxHash32 of bytes. */
export const xxh32 = (bytes: Uint8Array): number => h32Raw(bytes) >>> 0;

/** The low half of xxHash64 of bytes, which is what zstd writes. */
export const zstdSum = (bytes: Uint8Array): number => Number(BigInt.asUintN(32, h64Raw(bytes)));

/** The same of bytes that come in pieces. */
export function zstdSumOf(): { update(bytes: Uint8Array): void; digest(): number } {
  const hash = create64();
  return {
    update: (bytes) => void hash.update(bytes),
    digest: () => Number(BigInt.asUintN(32, hash.digest())),
  };
}
