import "$ui/base.css";
import { mount } from "svelte";
import Login from "../../bandeau/ui/Login.svelte";

const target = document.getElementById("app");
if (target) mount(Login, { target });
