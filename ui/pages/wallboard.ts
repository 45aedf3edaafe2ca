import "$ui/base.css";
import { mount } from "svelte";
import { applyTheme, savedTheme } from "$ui/theme";
import Wallboard from "../../supervision/ui/Wallboard.svelte";

// A screen on a wall is dark unless somebody chose otherwise.
const chosen = savedTheme();
applyTheme(chosen === "auto" ? "dark" : chosen);
const target = document.getElementById("app");
if (target) mount(Wallboard, { target });
