import { z } from 'zod'
import { cleanName } from '../../../src-shared/text.ts'
import type { AdviceText } from '../../engines/credit/application.ts'

/** What was found in an answer's text, or why there is no advice in it. */
export type ReadAnswer = { advice: AdviceText; reasons: string[] } | { advice: null; detail: string }

const completion = z.object({
  choices: z
    .array(
      z.object({
        finish_reason: z.string().nullish(),
        message: z.object({ content: z.string().nullish(), refusal: z.string().nullish() }),
      }),
    )
    .min(1),
})

/** Anything longer is no number of a loan, and would be kept for nothing. */
const numberText = z.string().max(80).nullish()
const adviceSchema = z.object({
  approve: z.boolean(),
  amount: numberText,
  rate: numberText,
  term: numberText,
  reasons: z.union([z.string(), z.array(z.string())]).nullish(),
})

const mostReasons = 20
const mostReason = 500

/**
 * Reads an answer of chat completions: its first choice holds the advice as JSON, alone or in one fenced block. Numbers come out as the
 * text that stood there, whether it was in quotes or not, so that none goes through a float; whether they make sense is for `readAdvice`.
 */
export function readAnswer(text: string): ReadAnswer {
  const outer = completion.safeParse(parseJson(text))
  const choice = outer.data?.choices[0]
  if (!choice) return nothing('it is no answer of chat completions')
  const { finish_reason: end, message } = choice
  if (message.refusal) return nothing('the model refused to answer')
  if (end === 'length') return nothing('it was cut off')
  if (end === 'content_filter') return nothing('it was held back by a filter')
  const inner = adviceSchema.safeParse(parseJson(unfenced(message.content ?? ''), numbersAsText))
  if (!inner.success) return nothing('what the model said is not in the form that was asked for')
  const { approve, amount = null, rate = null, term = null, reasons } = inner.data
  return { advice: { approve, amount, rate, term }, reasons: readReasons(reasons ?? []) }
}

function nothing(detail: string): ReadAnswer {
  return { advice: null, detail }
}

/** Reasons are shown to people and do nothing else: no control or bidirectional marks, and no more than a page. */
function readReasons(given: string | string[]): string[] {
  return (typeof given === 'string' ? [given] : given)
    .slice(0, mostReasons)
    .map(reason => cleanName(reason.slice(0, mostReason)))
    .filter(reason => reason !== '')
}

/** No pattern: over a long hostile text one that looks for both fences takes minutes. */
function unfenced(content: string): string {
  const text = content.trim()
  const start = text.indexOf('\n')
  const isFenced = start > 0 && ['```', '```json'].includes(text.slice(0, start).trimEnd()) && text.endsWith('\n```')
  return isFenced ? text.slice(start, -3) : text
}

function numbersAsText(_key: string, value: unknown, context?: { source?: string }): unknown {
  return typeof value === 'number' ? (context?.source ?? String(value)) : value
}

/** undefined where it is none. */
function parseJson(text: string, revive?: typeof numbersAsText): unknown {
  try {
    return JSON.parse(text, revive)
  } catch {
    return undefined
  }
}
