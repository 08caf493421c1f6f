import { loadProvider } from '../../src-main/clients/tfchain/provider.ts'

// Test files share a worker's modules in whatever order they come to it, and our own client has to be the first to load the library's
// provider. So tests have the library from here only (test/unit/imports.test.ts).
await loadProvider()

export const { ApiPromise, Keyring, WsProvider } = await import('@polkadot/api')
