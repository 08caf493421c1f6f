import { z } from 'zod'
import { none } from './contract-parts.ts'

/** A topic's name is its file's, without the ending. */
export const topicNameSchema = z.string().regex(/^[a-z0-9-]{1,60}$/)

/** A place in the help: a topic (anchor empty) or a part of it, with the line in which what was searched for stands. */
export const helpHitSchema = z.object({
  topic: z.string(),
  anchor: z.string(),
  title: z.string(),
  topicTitle: z.string(),
  line: z.string(),
})
export type HelpHit = z.infer<typeof helpHitSchema>

export const helpQueries = {
  /** every topic, in the order in which one would read them; `about`: its first sentence */
  'help.list': { in: none, out: z.array(z.object({ name: z.string(), title: z.string(), about: z.string() })) },
  /** parts that have all words of the text, those that have them in their heading first */
  'help.find': { in: z.object({ text: z.string().trim().min(1).max(100) }), out: z.array(helpHitSchema) },
  /** a topic as its file has it (Markdown) */
  'help.get': { in: z.object({ topic: topicNameSchema }), out: z.object({ name: z.string(), title: z.string(), text: z.string() }) },
} as const
