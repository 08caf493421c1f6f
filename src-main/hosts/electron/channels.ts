/** The page's two requests to main. */
export const connectChannel = 'granary:connect'
export const openFileChannel = 'granary:open-file'
