import { parseAst } from 'vite'

/* Finds what a page says in literals of its own, instead of through the catalogue of texts (src-renderer/texts.ts). */

/** Members and attributes whose text people see or hear. */
const SEEN = new Set([
  'title',
  'label',
  'placeholder',
  'description',
  'alt',
  'message',
  'header',
  'heading',
  'hint',
  'name',
  'empty',
  'word',
  'text',
  'legend',
  'aria-label',
  'aria-description',
  'aria-valuetext',
  'aria-roledescription',
])
/** Attributes whose text is for the browser alone. */
const NEVER_SEEN = new Set(['className', 'd', 'href', 'size'])
/** Members whose text is a name for programs, too, where it is one small word: of a form's field, a table's kept state. */
const ALSO_FOR_PROGRAMS = new Set(['name', 'text'])
const SMALL_WORD = /^[a-z][\w.-]*$/
/** What a text is compared with, looked for or found by, and faults of the program itself, nobody sees. */
const COMPARES = new Set(['===', '!==', '==', '!=', 'in'])
const LOOKS_UP = new Set(['includes', 'startsWith', 'endsWith', 'closest', 'querySelector', 'querySelectorAll'])
/** Symbols that are written alike in every language. */
const SYMBOLS = /^(?:(?:TFT|USD|UTC|GiB|CSV|JSON|POST)\b|[^\p{L}])+$/u

interface Node {
  type: string
  start: number
  [member: string]: unknown
}

/** A literal with letters of a language; a number, a mark or a unit's sign is none. */
function hasWords(text: string): boolean {
  return /\p{L}{2,}/u.test(text) && !SYMBOLS.test(text)
}

/** Like a sentence or a label, wherever it stands: two words, or one that begins with a capital letter and goes on small. */
function looksSaid(text: string): boolean {
  return /^\p{Lu}\p{Ll}+([.,!?:]|$)/u.test(text) || /\p{L}{2,}[,;:]? \p{L}/u.test(text)
}

export interface Literal {
  line: number
  text: string
}

/** Every literal of a .tsx or .ts source that a user would see; none of imports, types and what only a program reads. */
export function literalTexts(source: string, lang: 'tsx' | 'ts'): Literal[] {
  const found: Literal[] = []
  const add = (node: Node, text: string) => found.push({ line: source.slice(0, node.start).split('\n').length, text: text.trim() })

  function visit(node: Node, seen: boolean): void {
    switch (node.type) {
      case 'ImportDeclaration':
      case 'ExportAllDeclaration':
      case 'TSTypeAliasDeclaration':
      case 'TSInterfaceDeclaration':
      case 'TSTypeAnnotation':
      case 'TSTypeParameterInstantiation':
        return
      case 'JSXElement':
        // a command line or a name of the wire, to be typed as it is
        if (((node.openingElement as Node).name as Node).name === 'code') return
        break
      case 'NewExpression':
        if ((node.callee as Node).name === 'Error') return
        break
      case 'SwitchCase':
        visitAll(node.consequent, false)
        return
      case 'JSXText':
        if (hasWords(node.value as string)) add(node, node.value as string)
        return
      case 'JSXAttribute': {
        const name = (node.name as Node).name as string
        if (!NEVER_SEEN.has(name)) visitNamed(name, node.value)
        return
      }
      case 'JSXExpressionContainer':
        visitAll(node.expression, seen || isChild(node))
        return
      case 'Property':
        if (node.computed === true) visitAll(node.key, false)
        visitNamed(((node.key as Node).name ?? (node.key as Node).value) as string, node.value)
        return
      case 'CallExpression':
        if (LOOKS_UP.has(((node.callee as Node).property as Node | undefined)?.name as string)) return
        visitAll(node.callee, false)
        visitAll(node.arguments, false)
        return
      case 'MemberExpression':
        visitAll(node.object, false)
        if (node.computed === true) visitAll(node.property, false)
        return
      case 'BinaryExpression':
        if (!COMPARES.has(node.operator as string)) visitAll([node.left, node.right], node.operator === '+' && seen)
        return
      case 'ConditionalExpression':
        visitAll(node.test, false)
        visitAll([node.consequent, node.alternate], seen)
        return
      case 'LogicalExpression':
        visitAll(node.left, node.operator !== '&&' && seen)
        visitAll(node.right, seen)
        return
      case 'Literal':
        if (typeof node.value === 'string') judge(node, node.value, seen)
        return
      case 'TemplateLiteral': {
        const quasis = node.quasis as { value: { cooked: string } }[]
        judge(node, quasis.map(({ value }) => value.cooked).join('…'), seen)
        visitAll(node.expressions, false)
        return
      }
    }
    for (const [key, member] of Object.entries(node))
      if (key !== 'parent' && key !== 'typeAnnotation') visitAll(member, keepsSeen(node) && seen)
  }

  function judge(node: Node, text: string, seen: boolean): void {
    if (seen ? hasWords(text) : looksSaid(text) && !SYMBOLS.test(text)) add(node, text)
  }

  function visitNamed(name: string, value: unknown): void {
    const isName = ALSO_FOR_PROGRAMS.has(name) && SMALL_WORD.test(String((value as Node | null)?.value))
    visitAll(value, SEEN.has(name) && !isName)
  }

  function visitAll(member: unknown, seen: boolean): void {
    if (Array.isArray(member)) for (const one of member) visitAll(one, seen)
    else if (typeof member === 'object' && member !== null && typeof (member as Node).type === 'string') visit(member as Node, seen)
  }

  const children = new Set<unknown>()
  const isChild = (node: Node): boolean => children.has(node)
  const program = parseAst(source, { lang }) as unknown as Node
  collectChildren(program, children)
  visitAll(program, false)
  return found
}

/** The expressions that stand between tags, and so are shown. */
function collectChildren(node: unknown, children: Set<unknown>): void {
  if (Array.isArray(node)) for (const one of node) collectChildren(one, children)
  if (typeof node !== 'object' || node === null || Array.isArray(node)) return
  const { type, children: own } = node as Node
  if ((type === 'JSXElement' || type === 'JSXFragment') && Array.isArray(own)) for (const child of own) children.add(child)
  for (const member of Object.values(node)) collectChildren(member, children)
}

/** What hands on to its parts that they are shown. */
function keepsSeen({ type }: Node): boolean {
  return ['ParenthesizedExpression', 'TSAsExpression', 'TSNonNullExpression', 'ArrayExpression', 'TSSatisfiesExpression'].includes(type)
}
