/** The largest resident set of this process so far, in bytes: what the machine needed to have. */
export const peakBytes = (): number => process.resourceUsage().maxRSS * 1024;
