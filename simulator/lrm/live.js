const state = document.getElementById("etat");
const content = document.getElementById("contenu");
const say = (text, lost) => {
  state.textContent = text;
  state.classList.toggle("lost", lost);
};
// A section that somebody is typing in, or has unfolded, is left as it is.
const inUse = (section) => section.contains(document.activeElement) && document.activeElement.matches("input, select");
const changed = (form) =>
  [...form.elements].some((field) => (field.matches("[type=radio]") ? field.checked !== field.defaultChecked : field.matches("input:not([type=hidden])") && field.value !== field.defaultValue));
const keep = (section) => inUse(section) || [...section.querySelectorAll("form")].some(changed);
const show = (text) => {
  const fresh = new DOMParser().parseFromString(`<main>${text}</main>`, "text/html");
  const columns = [...content.children];
  [...fresh.querySelector("main").children].forEach((column, at) => {
    const old = columns[at];
    const kept = new Map([...old.children].map((section) => [section.id, section]));
    const next = [...column.children].map((section) => {
      const before = kept.get(section.id);
      if (!before) return section;
      const open = [...before.querySelectorAll("details[open]")].map((each) => each.id);
      for (const id of open) section.querySelector(`#${id}`)?.setAttribute("open", "");
      return keep(before) || before.isEqualNode(section) ? before : section;
    });
    if (next.some((section, place) => section !== old.children[place]) || next.length !== old.children.length) old.replaceChildren(...next);
  });
};
const refresh = async () => {
  try {
    const answer = await fetch(document.body.dataset.content + location.search);
    if (!answer.ok) throw new Error(String(answer.status));
    show(await answer.text());
    say("à jour", false);
  } catch {
    say("liaison perdue", true);
  }
};
const source = new EventSource("/evenements");
source.addEventListener("change", refresh);
source.onerror = () => say("liaison perdue", true);
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.target.matches("input:not([type=radio]), select")) return;
  const target = document.querySelector(`[data-key="${CSS.escape(event.key.toLowerCase())}"]`);
  if (!target) return;
  event.preventDefault();
  if (target.matches("input:not([type=radio])")) target.focus();
  else target.click();
});
