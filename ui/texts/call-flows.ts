/** The page of call flows, in words. */

export const callFlows = {
  title: "Parcours d’appel",
  version: (version: number) => (version === 0 ? "plan livré avec le logiciel" : `version ${version}`),
  surgeOn: (name: string) => `Renfort «\u00a0${name}\u00a0» en vigueur`,
  trouble: (why: string) => `Le plan demandé n’est pas utilisable, l’ancien reste en vigueur. ${why}`,
  failed: "La demande n’a pas abouti. Recommencez.",
  badTrial: "Cet essai n’est pas possible\u00a0: vérifiez l’instant choisi.",
  loading: "Ouverture du plan…",
  tryTitle: "Essayer un appel",
  line: "Numéro composé",
  lineOf: (number: string, flow: string) => `${number} (flux ${flow})`,
  number: "Numéro de l’appelant (vide\u00a0: masqué)",
  at: "Quand (vide\u00a0: maintenant)",
  state: "État du centre",
  states: ["normal", "saturé", "crise"],
  under: "Avec le renfort",
  noSurge: "aucun",
  dial: "Appeler",
  keypad: "Touches du téléphone",
  act: (act: string) =>
    act === "appel"
      ? "Appel"
      : act === "fin"
        ? "Annonce écoutée"
        : act === "temps"
          ? "Délai passé"
          : act === "échec"
            ? "Sans réponse"
            : `Touche ${act}`,
  acts: {
    fin: "Écouter jusqu’au bout",
    temps: "Laisser passer le délai",
    échec: "Personne ne répond",
  } as Record<string, string>,
  over: "L’appel a quitté le SVI.",
  drawing: "Dessin du parcours",
  script: "Parcours",
  drawingOf: (name: string, steps: number) => `Parcours ${name}, ${steps} étapes`,
  surges: "Renforts préparés",
  preview: "Voir ce qui change",
  changes: "Ce que le renfort change",
  where: "Où",
  before: "Plan",
  after: "Renfort",
  start: "Activer ce renfort",
  stop: "Revenir au plan normal",
  supervisorsOnly: "Seul un superviseur peut activer un renfort.",
  reasons: {
    key: "touche",
    invalid: "touche non proposée",
    timeout: "délai passé",
    end: "annonce finie",
    skip: "annonce passée",
    open: "ouvert",
    closed: "fermé",
    holiday: "jour férié",
    line: "ligne appelée",
    list: "liste",
    hidden: "numéro masqué",
    repeat: "rappelle",
    else: "sinon",
    normal: "normal",
    saturated: "saturé",
    crisis: "crise",
    set: "affecté",
    "nothing to say": "rien à dire",
    "not reached": "sans réponse",
  } as Record<string, string>,
};
