/** The page's requests to main. */
export const connectChannel = 'granary:connect'
export const openFileChannel = 'granary:open-file'
export const openedFilesChannel = 'granary:opened-files'
export const desktopStateChannel = 'granary:desktop-state'
export const setDesktopChannel = 'granary:set-desktop'
