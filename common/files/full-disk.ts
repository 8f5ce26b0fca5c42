/** Whether an error says that there is no room on a disk, or in a user's share of it: it passes when room is made. */
export function isDiskFull(error: unknown): boolean {
  const { code, message } = (error ?? {}) as NodeJS.ErrnoException;
  if (code === 'ENOSPC' || code === 'EDQUOT') return true;
  // DuckDB, TensorFlow and other native code say it in words.
  return (
    typeof message === 'string' && /\bENOSPC\b|\bEDQUOT\b|no space left on device|disk quota exceeded/i.test(message)
  );
}
