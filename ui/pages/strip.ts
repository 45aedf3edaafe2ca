import "$ui/base.css";
import { mount } from "svelte";
import { applyTheme, savedTheme } from "$ui/theme";
import StripPage from "../../bandeau/ui/StripPage.svelte";

applyTheme(savedTheme());
const target = document.getElementById("app");
if (target) mount(StripPage, { target });
