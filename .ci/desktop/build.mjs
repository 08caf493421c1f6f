// node build.mjs linux|mac|win: makes the desktop packages in dist/desktop. Started by `npm run package`, on Node 22 or newer, once what
// stands in package.json beside it is installed.
import { resolve } from 'node:path'
import { build, Platform } from 'electron-builder'
import { configuration } from './configuration.mjs'

const platforms = { linux: Platform.LINUX, mac: Platform.MAC, win: Platform.WINDOWS }
const platform = platforms[process.argv[2]]
if (!platform) throw new Error(`Which platform: ${Object.keys(platforms).join(', ')}?`)
// a deb names a home page, and nobody has told one yet
const homepage = process.env.GRANARY_HOMEPAGE
const linuxTargets = configuration.linux.target.filter(target => target !== 'deb' || homepage)
if (platform === Platform.LINUX && !homepage) console.error('No deb is made: GRANARY_HOMEPAGE names the home page that it has to show.')
const files = await build({
  projectDir: resolve(import.meta.dirname, '../..'),
  targets: platform.createTarget(),
  config: {
    ...configuration,
    linux: { ...configuration.linux, target: linuxTargets },
    ...(homepage ? { extraMetadata: { homepage } } : {}),
  },
})
for (const file of files) console.log(file)
