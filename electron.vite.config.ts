import react from '@vitejs/plugin-react'
import { defineConfig } from 'electron-vite'

// What stands in `dependencies` stays outside the bundle (better-sqlite3: a native module); all else is bundled.
export default defineConfig({
  main: {
    build: {
      outDir: 'out/main',
      target: 'node24',
      externalizeDeps: true,
      rollupOptions: {
        input: {
          cli: 'src-main/hosts/cli/main.ts',
          worker: 'src-main/hosts/worker.ts',
          electron: 'src-main/hosts/electron/main.ts',
          'core-process': 'src-main/hosts/electron/core-process.ts',
        },
        // chunks lie beside the entries: files are found from where the code stands (worker.js, the page, package.json)
        output: { format: 'es', entryFileNames: '[name].js', chunkFileNames: '[name]-[hash].js' },
      },
    },
  },
  preload: {
    build: {
      outDir: 'out/preload',
      // a sandboxed preload has no require but for electron: nothing may stay outside
      externalizeDeps: false,
      rollupOptions: { input: { preload: 'src-main/hosts/electron/preload.ts' }, output: { format: 'cjs', entryFileNames: '[name].cjs' } },
    },
  },
  renderer: {
    root: 'src-renderer',
    base: './',
    plugins: [react()],
    build: {
      outDir: 'out/renderer',
      target: 'chrome130',
      minify: true,
      modulePreload: { polyfill: false },
      rollupOptions: { input: 'src-renderer/index.html' },
    },
  },
})
