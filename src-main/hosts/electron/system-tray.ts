import { join } from 'node:path'
import { Menu, type NativeImage, nativeImage, Tray } from 'electron'
import type { Standing } from './standing.ts'
import { keepTray, type TrayActions, type TrayState } from './tray.ts'
import { markIcon } from './tray-icon.ts'

/** Points along an edge of the tray's picture; the system makes it smaller where it has to. */
const SIZE = 32

/** Puts Granary into the system's tray. Returns what says how things stand. */
export function openTray(iconsDir: string, platform: NodeJS.Platform, actions: TrayActions): (standing: Standing | null) => void {
  const isTemplate = platform === 'darwin'
  const plain = nativeImage.createFromPath(join(iconsDir, isTemplate ? 'trayTemplate@2x.png' : 'granary.png')).resize({ width: SIZE })
  const imageOf = (state: TrayState): NativeImage => {
    const bitmap = plain.toBitmap()
    // a picture that is scaled in another way than expected is shown without a mark: the words say it too
    if (bitmap.length !== SIZE * SIZE * 4) return plain
    const image = nativeImage.createFromBitmap(markIcon(bitmap, SIZE, state, isTemplate), {
      ...{ width: SIZE, height: SIZE },
      scaleFactor: isTemplate ? 2 : 1,
    })
    image.setTemplateImage(isTemplate)
    return image
  }
  const tray = new Tray(imageOf('starting'))
  // macOS and Linux open the menu; Windows has it on the other button
  if (platform === 'win32') tray.on('click', () => actions.open())
  return keepTray(tray, actions, { imageOf, menuOf: template => Menu.buildFromTemplate(template) })
}
