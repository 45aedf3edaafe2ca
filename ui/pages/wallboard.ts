import "$ui/base.css";
import { mount } from "svelte";
import Wallboard from "../../supervision/ui/Wallboard.svelte";

const target = document.getElementById("app");
if (target) mount(Wallboard, { target });
