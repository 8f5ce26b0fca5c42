/** Keys' cubic convolution kernel with a = -0.5, as in PIL ("Cubic convolution interpolation", 1981, eq. 15). */
function cubic(x: number, a = -0.5): number {
  const t = Math.abs(x);
  if (t < 1) return ((a + 2) * t - (a + 3)) * t * t + 1;
  return t < 2 ? ((t - 5) * t + 8) * t * a - 4 * a : 0;
}

/**
 * Returns the weights that turn `from` samples into `to`, row-major [to, from]. When shrinking, the kernel is stretched
 * by the scale (the antialiasing); it is cut at the border and normalized to sum to 1.
 */
export function bicubicMatrix(from: number, to: number): Float32Array {
  const scale = from / to;
  const stretch = Math.max(scale, 1);
  const matrix = new Float32Array(to * from);
  for (let i = 0; i < to; i++) {
    const center = (i + 0.5) * scale;
    const first = Math.max(0, Math.floor(center - 2 * stretch + 0.5));
    const end = Math.min(from, Math.floor(center + 2 * stretch + 0.5));
    const weights = Array.from({ length: end - first }, (_, k) => cubic((first + k - center + 0.5) / stretch));
    const sum = weights.reduce((a, b) => a + b, 0);
    weights.forEach((weight, k) => (matrix[i * from + first + k] = weight / sum));
  }
  return matrix;
}

/**
 * Resizes a picture by bicubic interpolation.
 * @param pixels [height, width, 3]
 * @returns [newHeight, newWidth, 3]; values may lie slightly outside the range of the picture's
 */
export function resizePicture(
  pixels: Float32Array,
  [height, width]: readonly [number, number],
  [newHeight, newWidth]: readonly [number, number],
): Float32Array {
  const across = bicubicMatrix(width, newWidth);
  const down = bicubicMatrix(height, newHeight);
  const wide = new Float32Array(height * newWidth * 3);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < newWidth; x++)
      for (let from = 0; from < width; from++) {
        const weight = across[x * width + from]!;
        for (let c = 0; c < 3 && weight !== 0; c++)
          wide[3 * (y * newWidth + x) + c]! += weight * pixels[3 * (y * width + from) + c]!;
      }
  const line = newWidth * 3;
  const resized = new Float32Array(newHeight * line);
  for (let y = 0; y < newHeight; y++)
    for (let from = 0; from < height; from++) {
      const weight = down[y * height + from]!;
      for (let i = 0; i < line && weight !== 0; i++) resized[y * line + i]! += weight * wide[from * line + i]!;
    }
  return resized;
}
