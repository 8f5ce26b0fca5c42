/** Returns the largest resident set of this process so far, in bytes: the memory that the machine needs. */
export const peakBytes = (): number => process.resourceUsage().maxRSS * 1024;
