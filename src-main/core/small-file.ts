/** For hosts, which keep small files of their own in the data folder. */
export { writeSmallFile } from '../store/files.ts'
