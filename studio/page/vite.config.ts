import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

/** Builds the page into `.tools/studio/page`, where the studio's server reads it. */
export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  base: '/',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: fileURLToPath(new URL('../../.tools/studio/page', import.meta.url)),
    emptyOutDir: true,
    // The policy of the page allows no inline data for scripts and styles.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: 'es2022',
  },
});
