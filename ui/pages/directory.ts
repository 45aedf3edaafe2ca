import "$ui/base.css";
import { mount } from "svelte";
import { applyTheme, savedTheme } from "$ui/theme";
import DirectoryPage from "./DirectoryPage.svelte";

applyTheme(savedTheme());
const target = document.getElementById("app");
if (target) mount(DirectoryPage, { target });
