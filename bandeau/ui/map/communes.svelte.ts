/** The communes that the map names: asked for once, when the first place is seen, so that they are there without the core. */

import { ApiError, text } from "$ui/api";
import { type Commune, readCommunes } from "./geometry";

class Communes {
  all = $state.raw<readonly Commune[]>([]);
  state = $state<"none" | "loading" | "there" | "missing">("none");

  async load(): Promise<void> {
    if (this.state === "loading" || this.state === "there") return;
    this.state = "loading";
    try {
      this.all = readCommunes(await text("/api/location/communes"));
      this.state = "there";
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.state = "missing";
    }
  }
}

export const communes = new Communes();
