export { createFaults, createRandom, readFaults, submitFaults } from './faults.ts'
export type { Ledger } from './ledger.ts'
export { makeKey, makeWorld, signatureBy, signWith, TFT, type World } from './make.ts'
export { type HorizonOptions, type LocalHorizon, startHorizon } from './server.ts'
