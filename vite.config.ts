import { fileURLToPath } from "node:url";
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vitest/config";
import { licences } from "./ui/build/licences.ts";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** Where `npm run dev` finds the core. */
const core = process.env.BANDEAU15_DEV_CORE ?? "http://127.0.0.1:8015";

export default defineConfig({
  root: here("./ui/pages"),
  publicDir: here("./ui/public"),
  plugins: [svelte({ configFile: here("./svelte.config.js") }), licences()],
  resolve: {
    alias: [
      { find: "$ui", replacement: here("./ui") },
      // How icons are drawn: only those of @lucide/svelte import this.
      { find: /^\.\.\/Icon\.svelte$/, replacement: here("./ui/components/Icon.svelte") },
    ],
  },
  build: {
    outDir: here("./ui/dist"),
    emptyOutDir: true,
    target: "es2022",
    // Nothing inlined as data: URLs, so that the pages live under a strict content security policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      input: {
        login: here("./ui/pages/index.html"),
        strip: here("./ui/pages/bandeau/index.html"),
        wallboard: here("./ui/pages/salle/index.html"),
        desk: here("./ui/pages/rappels/index.html"),
        directory: here("./ui/pages/annuaire/index.html"),
        recordings: here("./ui/pages/enregistrements/index.html"),
        callFlows: here("./ui/pages/parcours/index.html"),
      },
    },
  },
  server: {
    fs: { allow: [here(".")] },
    proxy: {
      "/api": core,
      "/ws": { target: core, ws: true },
    },
  },
  test: {
    root: here("."),
    include: [
      "{ui,bandeau/ui,desk/ui,directory/ui,history/ui,ivr/ui,recorder/ui,supervision/ui}/tests/**/*.test.ts",
    ],
    environment: "node",
  },
});
