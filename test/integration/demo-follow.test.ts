import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openHostCore } from '../../src-main/hosts/open-host-core.ts'

test('the demo follows a made-up chain, says that it is one, and leaves real data alone', { timeout: 120_000 }, async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'granary-demo-follow-'))
  const actor = { id: 'test' }
  let core = await openHostCore({ dataDir, host: 'loopback' })
  try {
    expect((await core.query('sync.get', {})).phase).toBe('off')
    // twice at once makes one
    await Promise.all(['demo-follow-1', 'demo-follow-2'].map(idempotencyKey => core.command('demo.follow', {}, { actor, idempotencyKey })))
    await expect.poll(async () => (await core.query('live.list', {})).total, { timeout: 30_000 }).toBe(12)
    const status = await core.query('status.get', {})
    expect(status).toMatchObject({ demo: true, sync: { network: 'demo' } })
    expect(status.jobs.filter(job => job.kind === 'sync' && job.state === 'running')).toHaveLength(1)
    // the embedded periods give way to the one that comes in
    await expect
      .poll(async () => (await core.query('periods.list', {})).map(({ index }) => index).join(), { timeout: 60_000 })
      .not.toBe('102,103')
    await core.command('sync.pause', {}, { actor, idempotencyKey: 'demo-pause' })
    await expect.poll(async () => (await core.query('sync.get', {})).phase, { timeout: 20_000 }).toBe('paused')
    expect(existsSync(join(dataDir, 'demo-live/facts.db'))).toBe(true)
    await core.close()
    // the next start has the embedded demo again: the made-up chain is gone
    core = await openHostCore({ dataDir, host: 'loopback' })
    expect((await core.query('sync.get', {})).phase).toBe('off')
    expect((await core.query('periods.list', {})).map(({ index }) => index)).toEqual([102, 103])
  } finally {
    await core.close()
    rmSync(dataDir, { recursive: true, force: true })
  }
})
