const state = document.getElementById("etat");
const say = (text, lost) => {
  state.textContent = text;
  state.classList.toggle("lost", lost);
};
const refresh = async () => {
  try {
    const answer = await fetch("/contenu" + location.search);
    if (!answer.ok) throw new Error(String(answer.status));
    document.getElementById("contenu").innerHTML = await answer.text();
    say("à jour", false);
  } catch {
    say("liaison perdue", true);
  }
};
const source = new EventSource("/evenements");
source.addEventListener("change", refresh);
source.onerror = () => say("liaison perdue", true);
