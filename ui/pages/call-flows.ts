import "$ui/base.css";
import { mount } from "svelte";
import { applyTheme, savedTheme } from "$ui/theme";
import CallFlows from "../../ivr/ui/CallFlows.svelte";

applyTheme(savedTheme());
const target = document.getElementById("app");
if (target) mount(CallFlows, { target });
