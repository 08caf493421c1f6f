import type { ColumnKind, ExportColumn } from '../../../src-shared/exports.ts'

/** `node_id:number` for a column of numbers; a plain name for one of texts. */
export function columnsOf(...names: string[]): ExportColumn[] {
  return names.map(name => {
    const [plain = '', kind = 'text'] = name.split(':')
    return { name: plain, kind: kind as ColumnKind }
  })
}
