import { plural } from './catalogue.ts'

/** What the help, its marks beside figures, and the tour say. */
export const helpTexts = {
  title: 'Help',
  topics: 'Topics',
  terms: 'Terms',
  search: 'Search the help',
  searchHint: 'A word, or several',
  found: (count: number, text: string) =>
    count === 0 ? `Nothing about "${text}".` : `${count} ${plural(count, { one: 'place', other: 'places' })} about "${text}"`,
  foundNone: 'Try another word, or choose a topic.',
  noTopic: 'The help has no such topic',
  noTopicText: 'Choose one of the topics, or search for a word.',
  none: 'This Granary was opened without its help',
  noneText: 'Its files lie in resources/help of the program.',
  /** beside a figure */
  mark: (name: string) => `What "${name}" means`,
  more: 'More in Help',
}
