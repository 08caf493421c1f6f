import react from '@vitejs/plugin-react'
import { defineConfig } from 'electron-vite'

// What stands in `dependencies` stays outside the bundle (better-sqlite3: a native module); all else is bundled.
export default defineConfig({
  main: {
    build: {
      outDir: 'out/main',
      target: 'node24',
      rollupOptions: {
        input: {
          cli: 'src-main/hosts/cli/main.ts',
          worker: 'src-main/hosts/worker.ts',
          electron: 'src-main/hosts/electron/main.ts',
          'core-process': 'src-main/hosts/electron/core-process.ts',
        },
      },
    },
  },
  preload: {
    build: {
      outDir: 'out/preload',
      rollupOptions: { input: { preload: 'src-main/hosts/electron/preload.ts' }, output: { format: 'cjs', entryFileNames: '[name].cjs' } },
    },
  },
  renderer: {
    root: 'src-renderer',
    base: './',
    plugins: [react()],
    build: { outDir: 'out/renderer', target: 'chrome130', minify: true, rollupOptions: { input: 'src-renderer/index.html' } },
  },
})
