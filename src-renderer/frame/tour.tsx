import { Button } from '@mantine/core'
import { useEffect, useId, useLayoutEffect, useRef, useState } from 'react'
import { useLocation } from 'wouter'
import { closeSheet, useStore, useUi } from '../store.ts'
import { texts } from '../texts.ts'
import frame from './frame.module.css'
import classes from './tour.module.css'
import { type Box, placeBeside } from './tour-place.ts'
import { leaveTour, startTour, type TourUi, tourUi, useTour } from './tour-state.ts'
import { type TourStep, tours } from './tour-steps.ts'

const words = texts.tour

/** How often it is looked where the target is: pages load, scroll and change under the box. */
const LOOK_MS = 100
/** So many looks for a target that is not there before the box stands without one. */
const MOST_LOOKS = 20

/** Asked in passing after a role was chosen; once. */
export function TourOffer() {
  const role = useStore(state => state.settings?.role ?? null)
  const isOn = useTour(state => state.role !== null)
  const [ui, setUi] = useUi<TourUi>('tour', tourUi)
  if (role === null || isOn || ui.state !== 'offered') return null
  return (
    <section className={frame.role} aria-label={words.label}>
      <span>{words.offer}</span>
      <div className={frame.roleButtons}>
        <Button size="compact-sm" h={32} px={12} onClick={() => startTour(role)}>
          {words.start}
        </Button>
        <Button variant="subtle" size="compact-sm" h={32} px={12} onClick={() => setUi({ state: 'answered' })}>
          {words.decline}
        </Button>
      </div>
    </section>
  )
}

/** The look around while it is under way: a box beside what it explains, and a line around that. Nothing else is in the way. */
export function Tour() {
  const { role, step } = useTour()
  const [location, navigate] = useLocation()
  const steps = role === null ? [] : tours[role]
  const current = steps[step]
  /** the step whose page was shown already */
  const arrived = useRef<TourStep | null>(null)
  /** what had the focus before */
  const before = useRef<Element | null>(null)
  useEffect(() => {
    if (role === null) {
      const isThere = before.current instanceof HTMLElement && before.current.isConnected && before.current !== document.body
      const back = isThere ? (before.current as HTMLElement) : document.querySelector<HTMLElement>('main')
      if (before.current) back?.focus({ preventScroll: true })
      before.current = null
      arrived.current = null
    } else before.current = document.activeElement
  }, [role])
  // a step goes to its page once; whoever goes to another from there has seen enough
  useEffect(() => {
    if (!current) return
    if (location === current.path) arrived.current = current
    else if (arrived.current === current) leaveTour()
    else navigate(current.path)
  }, [current, location, navigate])
  // biome-ignore lint/correctness/useExhaustiveDependencies: at every step
  useEffect(closeSheet, [current])
  useEscape(current !== undefined)
  if (!current || location !== current.path) return null
  return <Step key={current.id} step={current} at={step} all={steps.length} />
}

/** Escape leaves from wherever the focus is, unless a sheet or the palette is open: then it closes that. */
function useEscape(isOn: boolean): void {
  useEffect(() => {
    if (!isOn) return
    const onKey = (event: KeyboardEvent) => {
      if (event.key === 'Escape' && !document.querySelector('[aria-modal="true"]')) leaveTour()
    }
    window.addEventListener('keydown', onKey)
    return () => window.removeEventListener('keydown', onKey)
  }, [isOn])
}

function Step({ step, at, all }: { step: TourStep; at: number; all: number }) {
  const target = useTarget(step.target)
  const id = useId()
  const box = useRef<HTMLDivElement>(null)
  const [place, setPlace] = useState<{ left: number; top: number } | null>(null)
  useLayoutEffect(() => {
    if (target === 'looking' || !box.current) return
    const view = { width: window.innerWidth, height: window.innerHeight }
    const corner = { left: view.width, top: view.height, width: 0, height: 0 }
    setPlace(placeBeside(target ?? corner, box.current.getBoundingClientRect(), view))
  }, [target])
  const isPlaced = place !== null
  // the box is read out by its name and text when the focus comes to it
  useEffect(() => {
    if (isPlaced) box.current?.focus({ preventScroll: true })
  }, [isPlaced])
  const { title, text } = words.steps[step.id]
  const isLast = at + 1 === all
  const go = (to: number) => (to >= all ? leaveTour() : useTour.setState({ step: Math.max(to, 0) }))
  return (
    <>
      {isPlaced && target && target !== 'looking' ? <div className={classes.ring} aria-hidden="true" style={ringOf(target)} /> : null}
      <div
        ref={box}
        role="dialog"
        aria-labelledby={`${id}-title`}
        aria-describedby={`${id}-text`}
        tabIndex={-1}
        className={classes.box}
        data-placed={isPlaced || undefined}
        style={place ?? undefined}
        onKeyDown={event => {
          if (event.key === 'ArrowRight') go(at + 1)
          else if (event.key === 'ArrowLeft') go(at - 1)
          else return
          event.preventDefault()
        }}
      >
        <h2 id={`${id}-title`}>{title}</h2>
        <p id={`${id}-text`}>{text}</p>
        <div className={classes.buttons}>
          <span className={frame.dim}>{words.of(at + 1, all)}</span>
          <span className={frame.grow} />
          {isLast ? null : (
            <Button variant="subtle" size="compact-sm" h={32} px={8} title={words.leaveKey} onClick={leaveTour}>
              {words.leave}
            </Button>
          )}
          {at > 0 ? (
            <Button variant="default" size="compact-sm" h={32} px={12} onClick={() => go(at - 1)}>
              {words.back}
            </Button>
          ) : null}
          <Button size="compact-sm" h={32} px={12} onClick={() => go(at + 1)}>
            {isLast ? words.done : words.next}
          </Button>
        </div>
      </div>
    </>
  )
}

/** The line around a target; at an edge of the window it stays inside, where all of it is seen. */
function ringOf({ left, top, width, height }: Box): Box {
  return visible({ left: left - 3, top: top - 3, right: left + width + 3, bottom: top + height + 3 })
}

/** Where the target is in the window, followed as it moves; null: it is not there. */
function useTarget(selector: string): Box | null | 'looking' {
  const [found, setFound] = useState<Box | null | 'looking'>('looking')
  useEffect(() => {
    let looks = 0
    let seen: Element | null = null
    const look = () => {
      const element = document.querySelector(selector)
      looks++
      if (!element) {
        if (looks >= MOST_LOOKS) setFound(null)
        return
      }
      if (element !== seen) element.scrollIntoView({ block: 'nearest' })
      seen = element
      const { left, top, width, height } = visible(element.getBoundingClientRect())
      setFound(old =>
        old !== null && old !== 'looking' && old.left === left && old.top === top && old.width === width && old.height === height
          ? old
          : { left, top, width, height },
      )
    }
    look()
    const timer = setInterval(look, LOOK_MS)
    return () => clearInterval(timer)
  }, [selector])
  return found
}

/** Of what reaches out of the window the part that is seen. */
function visible(rect: { left: number; top: number; right: number; bottom: number }): Box {
  const left = Math.max(rect.left, 0)
  const top = Math.max(rect.top, 0)
  return { left, top, width: Math.min(rect.right, window.innerWidth) - left, height: Math.min(rect.bottom, window.innerHeight) - top }
}
