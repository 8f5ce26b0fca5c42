/** Rounds as Python and NumPy do: halves go to the even neighbor. */
export function roundHalfToEven(x: number): number {
  const floor = Math.floor(x);
  return x - floor === 0.5 ? floor + Math.abs(floor % 2) : Math.round(x);
}
