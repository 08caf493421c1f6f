import { NumberInput, Select } from '@mantine/core'
import { useRef, useState } from 'react'
import { payCommands } from '../../src-shared/pay-contract.ts'
import { leastRaisedFee, raiseText } from '../../src-shared/pay-text.ts'
import { command, useQuery } from '../api.ts'
import { shortAddress } from '../components/names.tsx'
import { SecretEntry, type SecretHandle } from '../components/secret-entry.tsx'
import { closeSheet } from '../store.ts'
import { texts } from '../texts.ts'
import { SheetForm, useSend } from './key-forms.tsx'

const words = texts.pay
/** Ten times the least is offered first: twice would often be refused again. */
const OFFERED = 10
const most = payCommands['pay.start'].in.shape.raise.unwrap().shape.mostStroops.maxValue ?? 0

/** Sends what is signed again, with an account of the vault that pays a higher fee where Stellar asks for one. */
export function FeeForm({ runId }: { runId: string }) {
  const run = useQuery('pay.get', { runId }, ['pay']).data
  const listed = useQuery('keys.list', {}, ['keys']).data?.keys
  const [chosen, setChosen] = useState<string | null>(null)
  const [entered, setEntered] = useState<number | string | null>(null)
  const [tried, setTried] = useState(false)
  const passphrase = useRef<SecretHandle>(null)
  const sending = useSend()
  if (!run || !listed) return null
  const { fees } = run
  if (!fees) return <p>{words.fee.gone}</p>
  const keys = listed.filter(({ kind, origin, confirmed }) => kind === 'stellar' && origin !== 'watch' && confirmed)
  const key = keys.find(({ keyId }) => keyId === chosen) ?? keys[0]
  if (!key) return <p>{words.fee.none}</p>
  const least = leastRaisedFee(fees.feeStroops)
  const stroops = entered === null ? Math.min(OFFERED * fees.feeStroops, most) : Number(entered)
  const isGood = entered !== '' && Number.isInteger(stroops) && stroops >= least && stroops <= most
  const send = () => {
    setTried(true)
    if (!isGood) return
    sending.send(async () => {
      if (!key.unlocked) await command('keys.unlock', { keyIds: [key.keyId], passphrase: passphrase.current?.take() ?? '' })
      await command('pay.start', { runId: run.runId, raise: { keyId: key.keyId, mostStroops: stroops } })
      closeSheet()
    })
  }
  return (
    <SheetForm
      name={words.actions.raise}
      how={words.fee.how}
      action={words.fee.action(fees.rows, isGood ? stroops : least)}
      sending={sending}
      onSubmit={send}
    >
      <NumberInput
        label={words.fee.most}
        description={words.fee.mostHow(least, most)}
        value={entered ?? stroops}
        onChange={setEntered}
        allowDecimal={false}
        allowNegative={false}
        thousandSeparator=","
        hideControls
        error={tried && !isGood ? words.fee.outside : null}
      />
      {isGood ? <p>{raiseText(fees, stroops)}</p> : null}
      <Select
        label={words.fee.key}
        data={keys.map(({ keyId, name, address }) => ({ value: keyId, label: `${name} (${shortAddress(address)})` }))}
        value={key.keyId}
        onChange={setChosen}
        allowDeselect={false}
      />
      {key.unlocked ? null : <SecretEntry ref={passphrase} label={words.sign.passphrase} description={words.sign.passphraseHow} />}
    </SheetForm>
  )
}
