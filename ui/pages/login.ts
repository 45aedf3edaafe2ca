import "$ui/base.css";
import { mount } from "svelte";
import { applyTheme, savedTheme } from "$ui/theme";
import Login from "../../bandeau/ui/Login.svelte";

applyTheme(savedTheme());
const target = document.getElementById("app");
if (target) mount(Login, { target });
