import { Button, Loader } from '@mantine/core'
import { useEffect, useState } from 'react'
import { formatDuration } from '../../src-shared/time.ts'
import { texts } from '../texts.ts'
import classes from './panels.module.css'

/** A question that is under way: what is asked, for how long already, and its stop. */
export function Asking({ what, onCancel }: { what: string; onCancel: () => void }) {
  const [sec, setSec] = useState(0)
  useEffect(() => {
    const startMs = performance.now()
    const timer = setInterval(() => setSec(Math.floor((performance.now() - startMs) / 1000)), 1000)
    return () => clearInterval(timer)
  }, [])
  return (
    <div className={classes.asking}>
      <Loader size={16} color="var(--dim)" aria-hidden="true" />
      <span role="status">{what}</span>
      {/* outside of what is announced: a screen reader need not count along */}
      <span className={classes.dim}>{sec > 0 ? formatDuration(sec) : ''}</span>
      <Button variant="default" h={32} onClick={onCancel}>
        {texts.sync.setup.cancel}
      </Button>
    </div>
  )
}
