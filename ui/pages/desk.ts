import "$ui/base.css";
import { mount } from "svelte";
import { applyTheme, savedTheme } from "$ui/theme";
import Desk from "../../desk/ui/Desk.svelte";

applyTheme(savedTheme());
const target = document.getElementById("app");
if (target) mount(Desk, { target });
