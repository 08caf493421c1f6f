import { chmodSync, closeSync, fsyncSync, mkdirSync, openSync, readdirSync, renameSync, statSync, writeFileSync } from 'node:fs'

/** Makes an empty file that only its owner can read, or narrows the one that is there. SQLite gives its side files the same rights. */
export function makePrivateFile(path: string): void {
  closeSync(openSync(path, 'a', 0o600))
  if (process.platform !== 'win32' && (statSync(path).mode & 0o077) !== 0) chmodSync(path, 0o600)
}

/**
 * Makes the data folder, 0700. One that is there is narrowed only if it is empty or already holds a store: a folder with
 * other things in it is somebody's, and the store's files are private on their own.
 */
export function makeDataFolder(path: string): void {
  const made = mkdirSync(path, { recursive: true, mode: 0o700 }) !== undefined
  if (made || process.platform === 'win32') return
  const names = readdirSync(path)
  if ((names.length === 0 || names.includes('books.db')) && (statSync(path).mode & 0o077) !== 0) chmodSync(path, 0o700)
}

/** Replaces a small file, 0600, so that it is either the old or the new one after a crash. */
export function writeSmallFile(path: string, content: string | Uint8Array): void {
  const temporary = `${path}.part`
  const handle = openSync(temporary, 'w', 0o600)
  try {
    writeFileSync(handle, content)
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
  renameSync(temporary, path)
}
