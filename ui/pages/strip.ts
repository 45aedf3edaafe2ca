import "$ui/base.css";
import { mount } from "svelte";
import StripPage from "../../bandeau/ui/StripPage.svelte";

const target = document.getElementById("app");
if (target) mount(StripPage, { target });
