// Runs the program on another Node in this process's place. Plain JavaScript without packages, as the system's own Node (20) reads it.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { constants } from 'node:os'

/**
 * Runs `node` with this process's standard input and output and waits for it. Whoever asks this process to stop means the work, so that is
 * passed on: as a message and not as a signal, since Ctrl-C in a terminal has reached both already, and a signal that comes while the other
 * process is ending would change its exit code (asked-to-stop.ts counts both).
 * Rejects where it can't be started.
 * @param {string} node the path of the Node
 * @param {string[]} args
 * @param {('inherit' | 'ignore')[]} [stdio] by file descriptor
 * @returns {Promise<number>} its exit code, for one that a signal ended 128 and the signal's number
 */
export async function runFor(node, args, stdio = ['inherit', 'inherit', 'inherit']) {
  const child = spawn(node, args, { stdio: [...stdio, 'ipc'] })
  // an ended process takes no message: it needs none
  const pass = () => child.send({ asked: 'to stop' }, () => {})
  // nobody waits for the end of what a closed terminal ends
  const end = signal => child.kill(signal)
  process.on('SIGINT', pass).on('SIGTERM', pass).on('SIGHUP', end)
  try {
    const [code, signal] = await once(child, 'exit')
    return code ?? 128 + constants.signals[signal]
  } finally {
    process.off('SIGINT', pass).off('SIGTERM', pass).off('SIGHUP', end)
  }
}
