import { createHash } from 'node:crypto'
import type { ChainFileReview, ChainTextFile } from '../../src-shared/chain-contract.ts'
import { callSignReview, callText } from '../../src-shared/chain-text.ts'
import { AppError } from '../../src-shared/errors.ts'
import type { ReviewWarning } from '../../src-shared/review-contract.ts'
import { cleanName } from '../../src-shared/text.ts'
import {
  type CallFile,
  readCallFile,
  readMetadata,
  readSignature,
  writeCallFile,
  writeSignatureFile,
} from '../clients/tfchain/call-file.ts'
import { readCallValue } from '../clients/tfchain/calls.ts'
import { verifies } from '../signing/votes/signature.ts'
import { loadRuntimes, pinnedChain } from '../store/chain.ts'
import { callRuntimesOf, callsToSign, loadCall, loadCallRuntime, metadataHash, type StoredCall } from '../store/chain-calls.ts'
import { loadKeys } from '../store/keys.ts'
import type { ChainSources } from './chain-calls.ts'
import type { Once } from './once.ts'

/*
 * Signatures of calls on a machine without a network. Where the bytes are made, a file with them is written, and the signature that comes
 * back is checked against them before it is kept. Where the key is, only the file is there: its bytes are read with the runtime's metadata
 * that lies in it, and that metadata is held against what this machine knows itself, as whoever wrote the file could have altered it.
 */

export interface OfflineRoom {
  /** A call that is not signed yet, for the machine that has its key. Rejects with AppError not-found, chain.refused. */
  file(requestId: string): Promise<ChainTextFile>
  /** What a file asks to sign. `own`: the runtime's metadata from a source of one's own. Rejects with AppError chain.refused, chain.network, chain.undecodable. */
  read(text: string, own?: Uint8Array): Promise<{ shown: ChainFileReview; file: CallFile }>
  /** Signs a file; keeps nothing but the audit entry. Rejects with AppError as `read`, keys.*. */
  sign(
    input: { text: string; payloadHash: string; keyId: string; confirmed: boolean },
    once: Once,
    own?: Uint8Array,
  ): Promise<ChainTextFile>
  /** Keeps the signature of a call that waits for one. Rejects with AppError chain.refused. */
  take(text: string, once: Once): Promise<{ requestId: string; hash: string }>
}

type Keep = (call: StoredCall, signature: Uint8Array, whose: string, once: Once) => Promise<{ requestId: string; hash: string }>

const loadExtrinsics = () => import('../clients/tfchain/extrinsic.ts')

export function createOffline({ books, facts, endpointsOf, keys }: ChainSources, keep: Keep): OfflineRoom {
  async function file(requestId: string): Promise<ChainTextFile> {
    const { payload, signer, call, network, runtime, stage, firstBlock, told, ...row } = loadCall(books, requestId)
    if (stage !== 'prepared') throw refused('stage', 'This call is signed already, so there is nothing to sign elsewhere.')
    const { signedBytes } = await loadExtrinsics()
    const text = writeCallFile({
      what: callText(call),
      network,
      signer: { ...signer, publicKey: `0x${signer.publicKey}` },
      payload,
      sign: signedBytes(payload),
      firstBlock,
      ...told,
      metadata: loadCallRuntime(books, runtime),
    })
    return { fileName: `chain-call-${row.requestId.slice(0, 8)}.json`, text }
  }

  async function read(text: string, own?: Uint8Array): Promise<{ shown: ChainFileReview; file: CallFile }> {
    const { createExtrinsics, signedBytes } = await loadExtrinsics()
    const found = readCallFile(text)
    const { payload, signer, network, firstBlock } = found
    const says = createExtrinsics(found.metadata).decode(payload)
    if (!Buffer.from(signedBytes(payload)).equals(found.sign) || firstBlock % says.era.period !== says.era.phase)
      throw refused('damaged', 'The file of the call contradicts itself. Nothing was signed. Make it again.')
    const call = readCallValue(says.call)
    if (!call)
      throw refused(
        'no-call',
        `The file asks for the call ${says.call.pallet}.${says.call.name}, which Granary does not make. Nothing was signed.`,
      )
    const ofKey = loadKeys(books).filter(key => key.kind === signer.kind && `0x${key.publicKey}` === signer.publicKey)
    const shown = callSignReview({
      says,
      call,
      network,
      signer: { name: ofKey[0]?.name ?? '', address: ofKey[0]?.address ?? signer.address },
      lastBlock: firstBlock + says.era.period - 1,
      warnings: [
        ...metadataWarnings(network, says.specVersion, found.metadata, own),
        ...networkWarnings(network, says.genesis),
        ...callWarnings(found.warnings.map(cleanName)),
      ],
      feeUnits: found.feeUnits,
      freeUnits: found.freeUnits,
      hash: payloadHash(payload),
      payload: Buffer.from(payload).toString('hex'),
    })
    const able = ofKey.filter(({ box }) => box !== null).map(({ keyId, name }) => ({ keyId, name }))
    return { file: found, shown: { network, payloadHash: shown.hash, review: shown, keys: able } }
  }

  /** The bytes say what they say only by the right metadata. Throws AppError chain.refused where what is known here differs. */
  function metadataWarnings(network: string, specVersion: number, metadata: Uint8Array, own: Uint8Array | undefined): ReviewWarning[] {
    const hash = metadataHash(metadata)
    const known = own ? [metadataHash(readMetadata(own))] : knownMetadata(network, specVersion)
    if (known.includes(hash)) return []
    if (known.length > 0)
      throw refused(
        'other-metadata',
        `The metadata in the file is not that of runtime ${specVersion} as it is known here, so that the bytes may say something else than they seem to. Nothing was signed. Find out who altered the file.`,
      )
    return [
      {
        code: 'call',
        severity: 'stop',
        text: `What the bytes say is read with metadata of runtime ${specVersion} from the same file, and none of it is known here: it is the word of whoever made the file. Its SHA-256 is ${hash}.`,
      },
    ]
  }

  function knownMetadata(network: string, specVersion: number): string[] {
    const store = facts()
    const synced = pinnedChain(store)?.network === network ? loadRuntimes(store) : []
    const followed = synced.filter(runtime => runtime.specVersion === specVersion).map(({ metadata }) => metadataHash(metadata))
    return [...followed, ...callRuntimesOf(books, network, specVersion)]
  }

  /** Throws AppError chain.network for a chain of that name with another beginning. */
  function networkWarnings(network: string, genesis: string): ReviewWarning[] {
    const known = genesisOf(network)
    if (known === '')
      return [
        {
          code: 'call',
          severity: 'warn',
          text: `Which chain "${cleanName(network)}" is, is not known here: compare the genesis with one that you trust.`,
        },
      ]
    if (genesis.startsWith(known)) return []
    throw new AppError(
      'chain.network',
      `The bytes are for another chain than "${cleanName(network)}": its block 0 is ${known}, and theirs ${genesis}. Nothing was signed.`,
    )
  }

  function genesisOf(network: string): string {
    const pinned = pinnedChain(books)
    if (pinned?.network === network) return pinned.genesis
    try {
      return endpointsOf(network).genesis
    } catch (error) {
      if (error instanceof AppError && error.code === 'not-found') return ''
      throw error
    }
  }

  return {
    file,
    read,
    async sign({ text, payloadHash: looked, keyId, confirmed }, once, own) {
      const { file: found, shown } = await read(text, own)
      if (shown.payloadHash !== looked)
        throw refused('other-bytes', 'What was shown is not what would be signed. Nothing was signed. Look at the file again.')
      const key = shown.keys.find(each => each.keyId === keyId)
      if (!key) throw refused('other-key', 'The file is for another key than the chosen one. Nothing was signed.')
      const stop = shown.review.warnings.find(({ severity }) => severity === 'stop')
      if (stop && !confirmed) throw refused('unconfirmed', `Signing this takes an extra confirmation. ${stop.text} Nothing was signed.`)
      const signature = keys.signWith(keyId, found.sign)
      if (!(await verifies({ ...found.signer, publicKey: found.signer.publicKey.slice(2) }, found.sign, signature)))
        throw new AppError('internal', 'The signature that the vault made does not fit its key. Nothing was given out.')
      const written = writeSignatureFile({
        payloadHash: looked,
        signer: found.signer,
        signature: `0x${Buffer.from(signature).toString('hex')}`,
      })
      return once(`file of a call, signed with key "${key.name}": ${shown.review.action} (network ${shown.network})`, () => ({
        fileName: `chain-signature-${looked.slice(0, 12)}.json`,
        text: written,
      })) as ChainTextFile
    },
    async take(text, once) {
      const { signedBytes } = await loadExtrinsics()
      const { payloadHash: of, signature } = readSignature(text)
      const waiting = callsToSign(books).filter(({ payload }) => of === null || payloadHash(payload) === of)
      for (const call of waiting)
        if (await verifies(call.signer, signedBytes(call.payload), signature)) return keep(call, signature, 'a key elsewhere', once)
      throw refused(
        'no-call',
        of !== null && waiting.length === 0
          ? 'The call of this signature does not wait for one here: it is signed already, or was taken out of the list. Nothing was kept.'
          : 'This signature fits no call that waits for one here: it was made with another key, or for other bytes, such as their hex text or wrapped in <Bytes>. Nothing was kept.',
      )
    },
  }
}

/** What there is to think about a call, as the review has it. */
export function callWarnings(texts: readonly string[]): ReviewWarning[] {
  return texts.map(text => ({ code: 'call', severity: 'warn', text }))
}

/** SHA-256, hex: by it people on two machines see that they look at the same bytes. */
export function payloadHash(payload: Uint8Array): string {
  return createHash('sha256').update(payload).digest('hex')
}

export function refused(reason: string, message: string, requestId?: string): AppError {
  return new AppError('chain.refused', message, { details: { reason, ...(requestId !== undefined && { requestId }) } })
}
