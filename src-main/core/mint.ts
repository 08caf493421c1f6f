/** What `granary mint --period` needs of the core, without the rest: it has to be quick from its start to its end. */
export { mintPeriod } from '../jobs/mint.ts'
