import { expect, test, vi } from 'vitest'
import { runCoreHost } from '../../src-main/hosts/electron/core-host.ts'
import {
  answerSafe,
  type SafeAnswer,
  type SafeRequest,
  type SystemStorage,
  safeStorageOfMain,
} from '../../src-main/hosts/electron/safe-storage.ts'
import { superviseCore, type ToCoreProcess } from '../../src-main/hosts/electron/supervisor.ts'
import { bindingOf, unbind } from '../../src-main/signing/safe-storage.ts'
import { smallCore, until } from '../helpers/small-core.ts'

// What lies between the system's safe storage, which is main's, and the vault of keys in the core's process. Electron is stood in for.

function system(backend = 'gnome_libsecret', available = true): SystemStorage {
  return {
    isEncryptionAvailable: () => available,
    getSelectedStorageBackend: () => backend,
    encryptString: text => Buffer.from(`sealed:${text}`),
    decryptString(bytes) {
      const text = bytes.toString()
      if (!text.startsWith('sealed:')) throw new Error('Error while decrypting the ciphertext provided')
      return text.slice(7)
    },
  }
}

/** Both ends, with answers that come in later turns and the other way round. */
function brokered(of: SystemStorage, platform: NodeJS.Platform = 'linux') {
  const seen: (SafeRequest | SafeAnswer)[] = []
  let answer: (answer: SafeAnswer) => void = () => {}
  let late: SafeRequest[] = []
  const storage = safeStorageOfMain(
    request => {
      seen.push(request)
      late.push(request)
      setImmediate(() => {
        const waiting = late.reverse()
        late = []
        for (const one of waiting) {
          const said = answerSafe(of, platform, one)
          seen.push(said)
          answer(said)
        }
      })
    },
    listener => {
      answer = listener
    },
  )
  return { storage, seen }
}

test('bytes come back as they went, also when answers overtake each other', async () => {
  const { storage } = brokered(system())
  const boxes = [1, 2, 3].map(byte => new Uint8Array(40).fill(byte))
  const wrapped = await Promise.all(boxes.map((box: Uint8Array) => storage.wrap(box)))
  expect(wrapped.map((bytes: Uint8Array) => Buffer.from(bytes).toString().slice(0, 7))).toEqual(['sealed:', 'sealed:', 'sealed:'])
  expect(
    (await Promise.all(wrapped.map((bytes: Uint8Array) => storage.unwrap(bytes)))).map((bytes: Uint8Array) => Uint8Array.from(bytes)),
  ).toEqual(boxes)
})

test("each platform's backend has a name; Linux's plain-text one, or none at all, binds nothing", async () => {
  expect(await bindingOf(brokered(system()).storage)).toBe('gnome_libsecret')
  expect(await bindingOf(brokered(system('x'), 'darwin').storage)).toBe('keychain')
  expect(await bindingOf(brokered(system('x'), 'win32').storage)).toBe('dpapi')
  expect(await bindingOf(brokered(system('basic_text')).storage)).toBeNull()
  expect(await bindingOf(brokered(system('gnome_libsecret', false)).storage)).toBeNull()
})

test('what the system refuses is refused in our words', async () => {
  const { storage } = brokered(system())
  const error = await unbind(storage, Uint8Array.of(1, 2, 3), 'gnome_libsecret').catch((caught: unknown) => caught)
  expect(error).toMatchObject({ code: 'keys.bound' })
  expect(String(error)).not.toContain('ciphertext')
})

test('a locked screen reaches the vault: main tells the core process, which locks every key; before it is ready nothing is said', async () => {
  const sent: ToCoreProcess[] = []
  let listener: (message: { t: 'ready' }) => void = () => {}
  const supervisor = superviseCore<string>({
    start: () => ({
      postMessage: message => sent.push(message),
      onMessage: on => {
        listener = on
      },
      onExit: () => {},
      kill: () => {},
    }),
    tell: () => {},
    stands: () => {},
    announceGone: () => {},
    died: () => {},
    onFailed: () => {},
    nowMs: () => 0,
    after: () => {},
  })
  supervisor.lockKeys()
  expect(sent).toEqual([])
  listener({ t: 'ready' })
  supervisor.lockKeys()
  expect(sent).toEqual([{ t: 'lock-keys' }])

  const core = smallCore({ 'keys.lock': () => ({}) })
  const said: unknown[] = []
  let toCore: (message: ToCoreProcess, ports: never[]) => void = () => {}
  const log = vi.fn()
  await runCoreHost({
    open: async () => core,
    actor: { id: 'desktop:anna' },
    say: message => said.push(message),
    onMessage: on => {
      toCore = on
    },
    exit: () => {},
    log,
  })
  toCore({ t: 'lock-keys' }, [])
  toCore({ t: 'safe', id: 1, value: null }, [])
  await until(() => core.calls.length === 1, 'the keys were locked')
  expect(core.calls).toMatchObject([{ name: 'keys.lock', input: {}, actor: { id: 'desktop:anna' } }])
  expect(log).not.toHaveBeenCalled()
})
