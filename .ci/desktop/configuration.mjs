// What electron-builder makes the desktop packages by. Signing takes the certificates of whoever publishes them, by
// electron-builder's own environment variables (CSC_LINK, CSC_KEY_PASSWORD, APPLE_ID ...).

/** The bundle and the one native module, for one system; npm's platform packages hold a Node, and Electron has its own. */
function filesFor(...systems) {
  const others = ['linux', 'linuxmusl', 'darwin', 'win32'].filter(system => !systems.includes(system))
  return [
    'package.json',
    'LICENSE',
    'out/**',
    '!out/built-from',
    'resources/**',
    '!resources/pictures/**',
    '!node_modules/node-*/**',
    '!node_modules/better-sqlite3/{deps,src,docs}/**',
    '!node_modules/better-sqlite3/binding.gyp',
    '!node_modules/node-addon-api/**',
    ...others.map(system => `!node_modules/better-sqlite3/prebuilds/${system}-*`),
  ]
}

const archive = { name: 'Grid archive', description: 'Grid archive', mimeType: 'application/x-grid-archive', role: 'Viewer' }

/**
 * What a double click opens, on a page that says what the file is. A file type that others use too is never taken from them: macOS offers
 * Granary among others, Linux tells .ndjson.gz from any .gz. Windows knows only the last ending and, in an installation for one user, no
 * types at all: there files are opened by the menu or "Open with". One entry an ending: Linux takes no list.
 */
const fileAssociations = {
  all: [
    {
      ext: 'evidence',
      ...{ name: 'Granary evidence bundle', description: 'Granary evidence bundle' },
      ...{ mimeType: 'application/x-granary-evidence', role: 'Viewer', rank: 'Owner' },
    },
    { ext: 'ndjson', ...archive, rank: 'Alternate' },
  ],
  linux: ['ndjson.gz', 'ndjson.zst'].map(ext => ({ ext, ...archive })),
  mac: ['gz', 'zst', 'json', 'csv'].map(ext => ({ ext, name: `${ext} file`, role: 'Viewer', rank: 'Alternate' })),
}

/** @type {import('electron-builder').Configuration} */
export const configuration = {
  appId: 'org.granary.app',
  productName: 'Granary',
  copyright: 'Apache-2.0',
  directories: { output: 'dist/desktop', buildResources: 'resources/icons' },
  icon: 'resources/icons/granary.png',
  asar: true,
  // the system's loader can't read a native module out of the archive
  asarUnpack: ['**/*.node'],
  // the prebuilt binary serves Electron as it is
  npmRebuild: false,
  nodeGypRebuild: false,
  electronFuses: {
    runAsNode: false,
    enableCookieEncryption: true,
    enableNodeOptionsEnvironmentVariable: false,
    enableNodeCliInspectArguments: false,
    enableEmbeddedAsarIntegrityValidation: true,
    onlyLoadAppFromAsar: true,
    loadBrowserProcessSpecificV8Snapshot: false,
    grantFileProtocolExtraPrivileges: false,
  },
  protocols: [{ name: 'Granary', schemes: ['granary'], role: 'Viewer' }],
  fileAssociations: fileAssociations.all,
  publish: null,
  linux: {
    target: ['AppImage', 'deb'],
    files: filesFor('linux', 'linuxmusl'),
    category: 'Office',
    fileAssociations: fileAssociations.linux,
    synopsis: 'Uptime, payout and the reason, on your own machine',
    maintainer: 'The developers of Granary',
  },
  mac: {
    target: ['dmg'],
    files: filesFor('darwin'),
    category: 'public.app-category.finance',
    fileAssociations: fileAssociations.mac,
    hardenedRuntime: true,
    gatekeeperAssess: false,
  },
  win: { target: ['nsis'], files: filesFor('win32') },
  nsis: { oneClick: false, perMachine: false, allowToChangeInstallationDirectory: true },
}
