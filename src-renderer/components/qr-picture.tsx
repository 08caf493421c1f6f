import { encodeQR } from 'qr'
import { useMemo } from 'react'

/** Quiet cells around the picture, as scanners want them. */
const BORDER = 4

/** A text as a QR picture, always dark on white, which is what scanners know. */
export function QrPicture({ text, label, className }: { text: string; label: string; className?: string | undefined }) {
  const { size, path } = useMemo(() => draw(text), [text])
  return (
    <svg className={className} viewBox={`0 0 ${size} ${size}`} shapeRendering="crispEdges" role="img" aria-label={label}>
      <path d={`M0 0h${size}v${size}H0z`} fill="#fff" />
      <path d={path} fill="#000" />
    </svg>
  )
}

function draw(text: string): { size: number; path: string } {
  const cells = encodeQR(text, 'raw', { ecc: 'medium', border: BORDER })
  let path = ''
  for (const [y, row] of cells.entries()) for (const [x, isDark] of row.entries()) if (isDark) path += `M${x} ${y}h1v1h-1z`
  return { size: cells.length, path }
}
