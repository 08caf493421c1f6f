import { Button } from '@mantine/core'
import { Link } from 'wouter'
import { cleanName, listed } from '../../src-shared/text.ts'
import type { AccessToken, RestDoor } from '../../src-shared/treasury/access-tokens-table.ts'
import type { RestScope } from '../../src-shared/treasury/row.ts'
import { useQuery } from '../api.ts'
import { CopyButton } from '../components/copy-button.tsx'
import { ErrorPanel } from '../components/error-panel.tsx'
import { Note } from '../components/note.tsx'
import { StateMark } from '../components/state-mark.tsx'
import { DateTime } from '../components/values.tsx'
import { showSettings } from '../links.ts'
import { openSheet } from '../store.ts'
import { texts } from '../texts.ts'
import page from './page.module.css'
import { MakeTokenForm, subjects, WithdrawTokenForm } from './program-forms.tsx'

const words = texts.programs
const topics = ['treasury'] as const

/** Where programs get in, and the tokens with which they act for the entity. */
export function Programs({ ownId, readOnly }: { ownId: string; readOnly: boolean }) {
  const { data, error, refetch } = useQuery('access-tokens.list', { entityId: ownId }, topics)
  return (
    <section className={page.panel} aria-label={words.title}>
      <div className={page.panelHead}>
        <p className={page.dim}>{words.what}</p>
        <Button
          h={32}
          variant="default"
          disabled={readOnly}
          onClick={() => openSheet({ title: words.make, body: <MakeTokenForm ownId={ownId} /> })}
        >
          {words.make}
        </Button>
      </div>
      <Door />
      {error && !data ? <ErrorPanel error={error} onRetry={refetch} /> : null}
      {data?.length === 0 ? <p className={page.dim}>{words.none}</p> : null}
      {data && data.length > 0 ? <TokenTable tokens={data} ownId={ownId} readOnly={readOnly} /> : null}
    </section>
  )
}

function Door() {
  const { data } = useQuery('access-tokens.door', {}, topics)
  if (!data) return null
  if (data.url !== null && data.isWanted)
    return (
      <div className={page.head}>
        <Note state="up">{words.door.open(data.url)}</Note>
        <CopyButton text={data.url} label={words.door.copy} compact />
      </div>
    )
  return (
    <div className={page.head}>
      <Note state={data.problem === null ? 'asleep' : 'down'}>{whyClosed(data)}</Note>
      <Link className={page.link ?? ''} href="/configuration" onClick={() => showSettings('rest')}>
        {words.door.settings}
      </Link>
    </div>
  )
}

function whyClosed({ isWanted, problem, port }: RestDoor): string {
  if (!isWanted) return words.door.closed
  return problem === null ? words.door.opening(port) : words.door.shut(problem)
}

function TokenTable({ tokens, ownId, readOnly }: { tokens: readonly AccessToken[]; ownId: string; readOnly: boolean }) {
  const { columns } = words
  return (
    <div className={page.scroll}>
      <table className={page.table} aria-label={words.title}>
        <thead>
          <tr>
            <th scope="col">{columns.name}</th>
            <th scope="col">{columns.scopes}</th>
            <th scope="col">{columns.made}</th>
            <th scope="col">{columns.expires}</th>
            <th scope="col" title={words.usedHint}>
              {columns.used}
            </th>
            <th scope="col">{columns.state}</th>
            <th scope="col">{columns.act}</th>
          </tr>
        </thead>
        <tbody>
          {tokens.map(token => (
            <tr key={token.id}>
              <td className={page.wrap}>{cleanName(token.name)}</td>
              <td className={page.wrap}>{scopesText(token.scopes)}</td>
              <td>
                <DateTime ts={token.createdTs} />
              </td>
              <td>{token.expiresTs === null ? words.forever : <DateTime ts={token.expiresTs} />}</td>
              <td>{token.lastUsedTs === null ? words.neverUsed : <DateTime ts={token.lastUsedTs} form="both" />}</td>
              <td>
                <TokenMark token={token} />
              </td>
              <td>
                {token.isGood ? (
                  <Button
                    h={32}
                    variant="default"
                    disabled={readOnly}
                    onClick={() => openSheet({ title: words.withdraw, body: <WithdrawTokenForm ownId={ownId} token={token} /> })}
                  >
                    {words.withdraw}
                  </Button>
                ) : null}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

function TokenMark({ token: { isGood, withdrawnTs } }: { token: AccessToken }) {
  if (isGood) return <StateMark state="up" word={words.states.good} />
  return <StateMark state="asleep" word={withdrawnTs === null ? words.states.expired : words.states.withdrawn} />
}

/** `Tokens: see; Payments: see and act`. */
function scopesText(scopes: readonly RestScope[]): string {
  const said = subjects.flatMap(subject => {
    const sees = scopes.includes(`${subject}:read`)
    const acts = scopes.includes(`${subject}:write`)
    if (!sees && !acts) return []
    return [`${words.scopes[subject].name}: ${sees && acts ? words.acts : acts ? words.actsOnly : words.sees}`]
  })
  return listed(said)
}
