import { defineConfig } from 'vitest/config'

/** One project per kind of test; `imports` is the test of who may import whom, which `npm run check` runs alone. */
const kinds = ['unit', 'golden', 'property', 'integration']

/** counts above the default (npm run test:long) take their time */
const timeoutMs = process.env.GRANARY_RUNS ? 3_600_000 : 120_000

export default defineConfig({
  test: {
    root: new URL('..', import.meta.url).pathname,
    projects: [
      ...kinds.map(name => ({
        test: {
          name,
          include: [`test/${name}/**/*.test.ts`],
          exclude: ['test/unit/imports.test.ts'],
          testTimeout: timeoutMs,
          hookTimeout: timeoutMs,
          // a worker keeps the modules that it has loaded (chain and payment libraries take seconds): no test may leave a global changed
          isolate: false,
          // real processes, sockets and clocks: as in the browser part, test/run.mjs names what needed its second try
          retry: name === 'integration' ? 1 : 0,
        },
      })),
      { test: { name: 'imports', include: ['test/unit/imports.test.ts'] } },
    ],
  },
})
