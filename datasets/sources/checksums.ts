import xxhash from 'xxhash-wasm';

/** Checksums of zstd and LZ4 frames. */
const { create64, h32Raw, h64Raw } = await xxhash();

/** Computes xxHash32. */
export const xxh32 = (bytes: Uint8Array): number => h32Raw(bytes) >>> 0;

/** Computes the low half of xxHash64, as written by zstd. */
export const zstdSum = (bytes: Uint8Array): number => Number(BigInt.asUintN(32, h64Raw(bytes)));

/** Computes the same over bytes in pieces. */
export function zstdSumOf(): { update(bytes: Uint8Array): void; digest(): number } {
  const hash = create64();
  return {
    update: (bytes) => void hash.update(bytes),
    digest: () => Number(BigInt.asUintN(32, hash.digest())),
  };
}
