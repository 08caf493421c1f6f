import { writeFileSync } from 'node:fs'
import { relative } from 'node:path'
import type { Reporter, TestModule } from 'vitest/node'

/** What test/run.mjs wants to know of each test. */
export interface TestOutcome {
  file: string
  name: string
  state: 'passed' | 'failed' | 'skipped'
  /** why it was skipped, if it says so; why it failed, also where it passed then */
  note?: string
  /** whether it passed at the second try only */
  again?: true
  ms: number
}

/**
 * Writes every test's outcome as JSON to the file GRANARY_REPORT. vitest's own JSON leaves out why a test was skipped, and a
 * file that could not be loaded has no test in it that failed.
 */
export default class OutcomeReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly unknown[]): void {
    const outcomes: TestOutcome[] = []
    for (const module of modules) {
      const file = relative(process.cwd(), module.moduleId)
      let failed = 0
      for (const test of module.children.allTests()) {
        const result = test.result()
        const state = result.state === 'pending' ? 'failed' : result.state
        if (state === 'failed') failed++
        const note = result.state === 'skipped' ? result.note : reasonOf(result.errors)
        const { duration = 0, flaky = false } = test.diagnostic() ?? {}
        outcomes.push({
          file,
          name: test.fullName,
          state,
          ms: duration,
          ...(note && { note }),
          ...(flaky && { again: true }),
        })
      }
      if (!module.ok() && failed === 0)
        outcomes.push({ file, name: '(the file itself)', state: 'failed', ms: 0, note: reasonOf(module.errors()) ?? '' })
    }
    if (unhandled.length > 0)
      outcomes.push({ file: '(errors outside of tests)', name: `${unhandled.length} unhandled`, state: 'failed', ms: 0 })
    const target = process.env.GRANARY_REPORT
    if (target) writeFileSync(target, JSON.stringify(outcomes))
  }
}

function reasonOf(errors: readonly { message: string }[] | undefined): string | undefined {
  return errors?.map(({ message }) => message).join('; ')
}
