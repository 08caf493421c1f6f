import { PDFDocument, type PDFFont, type PDFPage, rgb, StandardFonts } from '@cantoo/pdf-lib'

/* A small typesetter over the PDF library: text, lines and tables that go on over pages. Sizes in points. */

const A4 = { width: 595, height: 842 }
const MARGIN = 48
const FOOT = 30
export const CONTENT_WIDTH = A4.width - 2 * MARGIN

const ink = rgb(0.1, 0.1, 0.12)
const soft = rgb(0.38, 0.38, 0.42)
const line = rgb(0.75, 0.75, 0.78)

export interface PdfColumn {
  title: string
  width: number
  isRight?: boolean
}

export interface PdfRow {
  cells: readonly string[]
  /** set small below the cells, over the whole width */
  below?: string
  isStrong?: boolean
}

export interface Sheets {
  title(text: string): void
  heading(text: string): void
  paragraph(text: string): void
  table(columns: readonly PdfColumn[], rows: readonly PdfRow[]): void
  space(points: number): void
  /** The file's bytes. They follow from what was set alone: no time and nothing random is in them. */
  finish(foot: string): Promise<Uint8Array>
}

interface Fonts {
  plain: PDFFont
  strong: PDFFont
  /** all code points that both can show */
  known: ReadonlySet<number>
}

/** Begins a document. `about`: what a reader of PDF shows as its title. */
export async function beginSheets(about: string): Promise<Sheets> {
  const doc = await PDFDocument.create({ updateMetadata: false })
  doc.setTitle(about)
  doc.setLanguage('en')
  doc.setProducer('Granary')
  const plain = await doc.embedFont(StandardFonts.Helvetica)
  const strong = await doc.embedFont(StandardFonts.HelveticaBold)
  const fonts: Fonts = { plain, strong, known: new Set(plain.getCharacterSet()) }
  let page: PDFPage = doc.addPage([A4.width, A4.height])
  let y = A4.height - MARGIN

  function nextPage(): void {
    page = doc.addPage([A4.width, A4.height])
    y = A4.height - MARGIN
  }

  function room(points: number): boolean {
    if (y - points >= MARGIN + FOOT) return false
    nextPage()
    return true
  }

  function put(text: string, x: number, size: number, { font = fonts.plain, color = ink } = {}): void {
    page.drawText(text, { x, y, size, font, color })
  }

  function paragraph(text: string, size = 9, font = fonts.plain, color = ink): void {
    for (const part of wrapped(showable(text, fonts), font, size, CONTENT_WIDTH)) {
      room(size * 1.4)
      y -= size * 1.4
      put(part, MARGIN, size, { font, color })
    }
  }

  function rule(): void {
    page.drawLine({ start: { x: MARGIN, y: y - 3 }, end: { x: A4.width - MARGIN, y: y - 3 }, thickness: 0.5, color: line })
  }

  function cells(columns: readonly PdfColumn[], texts: readonly string[], size: number, font: PDFFont, color = ink): void {
    let x = MARGIN
    for (const [i, { width, isRight = false }] of columns.entries()) {
      const text = fitting(showable(texts[i] ?? '', fonts), font, size, width - 4)
      put(text, isRight ? x + width - 4 - font.widthOfTextAtSize(text, size) : x, size, { font, color })
      x += width
    }
  }

  function header(columns: readonly PdfColumn[]): void {
    y -= 12
    cells(
      columns,
      columns.map(({ title }) => title),
      7.5,
      fonts.strong,
      soft,
    )
    rule()
    y -= 4
  }

  return {
    title: text => paragraph(text, 16, fonts.strong),
    heading(text) {
      room(60)
      y -= 12
      paragraph(text, 11, fonts.strong)
    },
    paragraph: text => paragraph(text),
    space(points) {
      y -= points
    },
    table(columns, rows) {
      room(40)
      header(columns)
      for (const { cells: texts, below, isStrong = false } of rows) {
        const lines = below === undefined ? [] : wrapped(showable(below, fonts), fonts.plain, 6, CONTENT_WIDTH)
        if (room(13 + lines.length * 8)) header(columns)
        y -= 12
        cells(columns, texts, 8.5, isStrong ? fonts.strong : fonts.plain)
        for (const part of lines) {
          y -= 8
          put(part, MARGIN, 6, { color: soft })
        }
      }
      rule()
      y -= 4
    },
    async finish(foot) {
      const pages = doc.getPages()
      for (const [i, at] of pages.entries()) {
        const text = showable(`${foot} · page ${i + 1} of ${pages.length}`, fonts)
        at.drawText(fitting(text, fonts.plain, 7, CONTENT_WIDTH), { x: MARGIN, y: FOOT, size: 7, font: fonts.plain, color: soft })
      }
      return doc.save()
    },
  }
}

/** What these fonts lack stands as `[U+4E2D]`, so that it is seen and can be looked up. */
function showable(text: string, { known }: Fonts): string {
  let shown = ''
  for (const character of text) {
    const code = character.codePointAt(0)!
    shown += known.has(code) ? character : `[U+${code.toString(16).toUpperCase().padStart(4, '0')}]`
  }
  return shown
}

/** The beginning of a text that fits, with an ellipsis where it goes on. */
function fitting(text: string, font: PDFFont, size: number, width: number): string {
  if (font.widthOfTextAtSize(text, size) <= width) return text
  let end = text.length
  while (end > 0 && font.widthOfTextAtSize(`${text.slice(0, end)}…`, size) > width) end--
  return `${text.slice(0, end)}…`
}

/** Lines of at most `width`, broken at spaces; a word that is longer is broken where it has to be. */
function wrapped(text: string, font: PDFFont, size: number, width: number): string[] {
  const lines: string[] = []
  let current = ''
  for (const word of text.split(' ')) {
    const longer = current === '' ? word : `${current} ${word}`
    if (font.widthOfTextAtSize(longer, size) <= width) {
      current = longer
      continue
    }
    if (current !== '') lines.push(current)
    current = word
    while (font.widthOfTextAtSize(current, size) > width) {
      let end = current.length - 1
      while (end > 1 && font.widthOfTextAtSize(current.slice(0, end), size) > width) end--
      lines.push(current.slice(0, end))
      current = current.slice(end)
    }
  }
  return [...lines, current]
}
