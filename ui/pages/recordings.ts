import "$ui/base.css";
import { mount } from "svelte";
import { applyTheme, savedTheme } from "$ui/theme";
import Recordings from "../../recorder/ui/Recordings.svelte";

applyTheme(savedTheme());
const target = document.getElementById("app");
if (target) mount(Recordings, { target });
