import { describe, expect, it } from 'vitest'
import {
  draftOf,
  draftValue,
  editorOf,
  fileChanges,
  problemOf,
  type SettingRow,
  scheduleWords,
  settingText,
} from '../../src-renderer/pages/configuration-model.ts'
import type { ParameterShown } from '../../src-shared/treasury/config-table.ts'
import { type Parameter, parameterNames, parameters } from '../../src-shared/treasury/parameters.ts'

function normalOf(name: (typeof parameterNames)[number]): string {
  return JSON.stringify((parameters[name] as Parameter<never>).normal)
}

describe('settings as they are entered', () => {
  it.each(parameterNames)('%s goes into its fields and out again as it was', name => {
    const editor = editorOf(name)
    const value = draftValue(editor, draftOf(editor, normalOf(name)))
    expect(JSON.stringify(value)).toBe(normalOf(name))
    expect(problemOf(name, value)).toBeNull()
  })

  it('knows the bounds of a number, and that an amount is one', () => {
    expect(editorOf('payments.feeBps')).toMatchObject({ kind: 'field', field: { kind: 'whole', least: 0, most: 1000 } })
    expect(editorOf('credit.fallbackLimit')).toMatchObject({ kind: 'field', field: { kind: 'amount' } })
    expect(editorOf('analyst.structured')).toMatchObject({ kind: 'field', field: { kind: 'switch' } })
  })

  it('takes numbers with separators, and leaves what is no number for the setting to name', () => {
    const editor = editorOf('payments.feeBps')
    expect(draftValue(editor, ' 1,000 ')).toBe(1000)
    for (const text of ['1001', '-1', '10.5', '1e2', 'ten', ''])
      expect(problemOf('payments.feeBps', draftValue(editor, text))).not.toBeNull()
  })

  it('says in which row and field of a table something is wrong', () => {
    const editor = editorOf('staking.apy')
    const rows = draftOf(editor, normalOf('staking.apy')) as SettingRow[]
    const wrong = rows.map((row, at) => (at === 2 ? { ...row, bps: '20000' } : row))
    expect(problemOf('staking.apy', draftValue(editor, wrong))?.path).toEqual([2, 'bps'])
    const unordered = problemOf('staking.apy', draftValue(editor, rows.toReversed()))
    expect(unordered).toMatchObject({ path: [], message: expect.stringContaining('more days') })
  })

  it('an empty limit is none', () => {
    const editor = editorOf('trust.terms')
    expect(draftValue(editor, [{ fromTrust: '80', rateDiscountBps: '50', limit: '' }])).toEqual([
      { fromTrust: 80, rateDiscountBps: 50, limit: null },
    ])
  })
})

it('values read as people say them', () => {
  expect(settingText('payments.feeBps', '10', 'basis points')).toBe('0.10 %')
  expect(settingText('staking.unstakingSec', '604800', 'seconds')).toBe('7 d')
  expect(settingText('tokens.uboFund', '"10000000"', 'AZR')).toBe('10,000,000')
  expect(settingText('analyst.url', '""', 'address')).toBe('none')
  expect(scheduleWords('0 0 * * *')).toBe('daily at 00:00 UTC')
  expect(scheduleWords('5 * * * *')).toBe('every hour at :05 UTC')
  expect(scheduleWords('0 0 1 * *')).toBe('0 0 1 * *')
})

it('a file says beforehand what it would change, and what of it can not be taken', () => {
  const current = [{ name: 'payments.feeBps', value: '10' }] as ParameterShown[]
  const file = (values: object) => JSON.stringify({ format: 'granary-treasury-configuration', version: 1, values })
  expect(fileChanges(file({ 'payments.feeBps': 10 }), current)).toEqual([])
  expect(fileChanges(file({ 'payments.feeBps': 25 }), current)).toEqual([
    { name: 'payments.feeBps', before: '10', after: '25', problem: null },
  ])
  expect(fileChanges(file({ 'payments.feeBps': -1, nothing: 1 }), current)?.map(({ problem }) => problem !== null)).toEqual([true, true])
  for (const text of ['', '{}', '[]', file({}).replace('configuration', 'other')]) expect(fileChanges(text, current)).toBeNull()
})
