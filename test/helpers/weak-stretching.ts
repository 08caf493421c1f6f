/** A passphrase of a test is worth nothing: stretching it as it has to be takes most of many tests' time. As an option of openCore or createKeys. */
export const weakly = { stretchLogN: 10 }
