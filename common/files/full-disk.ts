/** Returns whether an error says that the disk, or the user's quota on it, is full: it passes once there is room. */
export function isDiskFull(error: unknown): boolean {
  const { code, message } = (error ?? {}) as NodeJS.ErrnoException;
  if (code === 'ENOSPC' || code === 'EDQUOT') return true;
  // DuckDB, TensorFlow and other native code report it in words.
  return (
    typeof message === 'string' && /\bENOSPC\b|\bEDQUOT\b|no space left on device|disk quota exceeded/i.test(message)
  );
}
