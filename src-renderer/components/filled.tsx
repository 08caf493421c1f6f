import { createElement, Fragment, type ReactNode } from 'react'

/**
 * A sentence of the catalogue with links, times or amounts in it: each `{name}` is filled with the part of that name, wherever the language puts
 * it. A name without a part stays as it is.
 */
export function Filled({ text, parts }: { text: string; parts: Record<string, ReactNode> }) {
  const pieces = text.split(/\{(\w+)\}/)
  // given one by one they need no keys: a sentence does not change its order while it is shown
  return createElement(Fragment, null, ...pieces.map((piece, at) => (at % 2 === 0 ? piece : piece in parts ? parts[piece] : `{${piece}}`)))
}
