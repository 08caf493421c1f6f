import { MultiSelect, SegmentedControl, Select, Skeleton } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import type { ReactNode } from 'react'
import type { Settings } from '../../src-shared/contract.ts'
import { toAppError } from '../../src-shared/errors.ts'
import { cleanName } from '../../src-shared/text.ts'
import { desktop, useQuery } from '../api.ts'
import { CopyButton } from '../components/copy-button.tsx'
import { ErrorPanel } from '../components/error-panel.tsx'
import { DateTime } from '../components/values.tsx'
import { roles } from '../frame/role-choice.tsx'
import { saveSettings, useStore } from '../store.ts'
import { texts } from '../texts.ts'
import { AuditTrail } from './audit-trail.tsx'
import { BackupSettings } from './backup-settings.tsx'
import { DesktopChoices } from './desktop-settings.tsx'
import { Doctor } from './doctor.tsx'
import { Logs } from './logs.tsx'
import { MintRules } from './mint-rules.tsx'
import { Networks } from './networks.tsx'
import { PaySettings } from './pay-settings.tsx'
import classes from './settings.module.css'

const words = texts.settings

function change(settings: Parameters<typeof saveSettings>[0]): void {
  saveSettings(settings).catch((error: unknown) =>
    notifications.show({ title: texts.error.title, message: `${toAppError(error).message} ${texts.error.safe}`, autoClose: false }),
  )
}

/** What you can choose, where the data lies, and what was changed when. */
export function SettingsPage() {
  const settings = useStore(state => state.settings)
  const status = useQuery('status.get', {}, ['facts', 'results', 'settings'])
  return (
    <div className={classes.page}>
      <h1>{words.title}</h1>
      {status.error && !status.data ? <ErrorPanel error={status.error} onRetry={status.refetch} /> : null}
      {settings ? <Choices settings={settings} /> : <Skeleton height={330} />}
      <Section title={words.data}>
        {status.data ? (
          <dl className={classes.facts}>
            <Fact name={words.network}>
              {status.data.network ?? words.networkNone}
              {status.data.demo ? ` (${words.demo})` : ''}
            </Fact>
            <Fact name={words.complete}>
              {status.data.completeUntilTs === null ? texts.status.empty : <DateTime ts={status.data.completeUntilTs} form="both" />}
            </Fact>
            <Fact name={words.dataDir}>
              <span className={classes.path}>
                <code>{status.data.dataDir}</code>
                <CopyButton text={status.data.dataDir} label={texts.table.copy} name={words.copyDataDir} compact />
              </span>
            </Fact>
            <Fact name={words.mode}>{status.data.readOnly ? words.readOnly : words.readWrite}</Fact>
          </dl>
        ) : (
          <Skeleton height={150} />
        )}
      </Section>
      {desktop ? (
        <Section title={texts.desktop.settings.title}>
          <DesktopChoices bridge={desktop} />
        </Section>
      ) : null}
      <Section title={texts.mints.settings.title}>
        <MintRules readOnly={status.data?.readOnly === true} />
      </Section>
      <Section title={texts.pay.settings.title}>
        <PaySettings readOnly={status.data?.readOnly === true} />
      </Section>
      <Section title={texts.sync.networks.title}>
        <Networks readOnly={status.data?.readOnly === true} />
      </Section>
      <Section title={texts.backup.title}>
        <BackupSettings readOnly={status.data?.readOnly === true} />
      </Section>
      <Section title={texts.sync.doctor.title}>
        <Doctor />
      </Section>
      <Section title={texts.logs.title}>
        <Logs />
      </Section>
      <Section title={words.audit}>
        <AuditTrail />
      </Section>
      <Section title={words.about}>
        {status.data ? (
          <dl className={classes.facts}>
            <Fact name={words.version}>{status.data.version}</Fact>
            <Fact name={words.host}>{words.hosts[status.data.host]}</Fact>
            <Fact name={words.licence}>{words.licenceName}</Fact>
          </dl>
        ) : (
          <Skeleton height={100} />
        )}
        <p className={classes.dim}>{words.offline}</p>
      </Section>
    </div>
  )
}

function Section({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className={classes.section} aria-label={title}>
      <h2>{title}</h2>
      <div className={classes.body}>{children}</div>
    </section>
  )
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  )
}

function Choices({ settings }: { settings: Settings }) {
  // every farm of the grid: the overview would only have those that were chosen
  const farms = useQuery('nodes.list', { limit: 1 }, ['results']).data?.farms ?? []
  const farmOptions = farms.map(farm => ({ value: String(farm.farmId), label: `${cleanName(farm.name)} (${farm.farmId})` }))
  for (const id of settings.myFarms) if (!farms.some(farm => farm.farmId === id)) farmOptions.push({ value: String(id), label: `(${id})` })
  return (
    <>
      <Section title={words.look}>
        <fieldset className={classes.fieldset}>
          <legend>{words.theme}</legend>
          <SegmentedControl
            data={(['auto', 'light', 'dark'] as const).map(value => ({ value, label: words.themes[value] }))}
            value={settings.theme}
            onChange={theme => change({ theme: theme as Settings['theme'] })}
            transitionDuration={0}
          />
        </fieldset>
      </Section>
      <Section title={words.you}>
        <Select
          label={words.role}
          placeholder={words.roleNone}
          data={roles.map(value => ({ value, label: texts.role[value] }))}
          value={settings.role}
          onChange={role => change({ role: role as Settings['role'] })}
          clearable
          maw={420}
        />
        <MultiSelect
          label={words.myFarms}
          description={words.myFarmsHint}
          placeholder={settings.myFarms.length === 0 ? words.myFarmsNone : ''}
          data={farmOptions}
          value={settings.myFarms.map(String)}
          onChange={ids => change({ myFarms: ids.map(Number) })}
          searchable
          clearable
          limit={100}
          maw={420}
        />
      </Section>
      <Section title={words.rules}>
        <fieldset className={classes.fieldset}>
          <legend>{words.resources}</legend>
          <SegmentedControl
            data={(['latest', 'minimum'] as const).map(value => ({ value, label: words.resourceRules[value] }))}
            value={settings.resources}
            onChange={resources => change({ resources: resources as Settings['resources'] })}
            transitionDuration={0}
          />
          <p className={classes.dim}>{words.resourcesHint[settings.resources]}</p>
        </fieldset>
      </Section>
    </>
  )
}
