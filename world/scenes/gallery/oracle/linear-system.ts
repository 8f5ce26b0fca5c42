/** Solves a system of linear equations with a positive definite matrix, by Gauss's elimination. */
export function solve(matrix: readonly (readonly number[])[], right: readonly number[]): number[] {
  const rows = matrix.map((line, i) => [...line, right[i]!]);
  const n = rows.length;
  for (let i = 0; i < n; i++) {
    for (let j = i + 1; j < n; j++) {
      const factor = rows[j]![i]! / rows[i]![i]!;
      for (let k = i; k <= n; k++) rows[j]![k]! -= factor * rows[i]![k]!;
    }
  }
  const found = Array<number>(n).fill(0);
  for (let i = n - 1; i >= 0; i--) {
    const known = found.reduce((sum, value, k) => (k > i ? sum + rows[i]![k]! * value : sum), 0);
    found[i] = (rows[i]![n]! - known) / rows[i]![i]!;
  }
  return found;
}

/** Returns the inverse of a positive definite matrix. */
export function inverse(matrix: readonly (readonly number[])[]): number[][] {
  // A symmetric matrix has a symmetric inverse, so its columns are its rows.
  return matrix.map((_, i) =>
    solve(
      matrix,
      matrix.map((_, j) => Number(i === j)),
    ),
  );
}
