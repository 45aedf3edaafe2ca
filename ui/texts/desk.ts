/** The abandoned-call desk, in words. */

import type { DeskGroup, ItemOutcome, LossPlace } from "../views";

export const lossPlaces: Record<LossPlace, string> = {
  svi: "au SVI",
  queue: "en attente",
  ringing: "pendant la sonnerie",
  parked: "en attente d’un médecin",
  failure: "panne de notre côté",
  callback_asked: "a demandé un rappel",
};

export const itemOutcomes: Record<ItemOutcome, string> = {
  reached: "Joint",
  no_reply: "Sans réponse",
  mistake: "Erreur d’appel",
  already_handled: "Déjà traité",
  test: "Test",
  other: "Autre",
};

export const deskGroups: Record<DeskGroup, string> = {
  call: "À rappeler",
  short: "Abandons courts",
  hidden: "Numéros masqués",
};

export const desk = {
  title: "Rappels",
  lead: "Appels perdus à rappeler",
  list: "Appels perdus",
  connecting: "Connexion à la salle…",
  lost: (time: string) => `Liaison perdue\u00a0: liste de ${time}`,
  nobody: "Aucun appel à rappeler",
  hidden: "Numéro masqué",
  ago: (time: string) => `il y a ${time}`,
  losses: (count: number) => `${count} appels`,
  attempts: (count: number) => (count > 1 ? `${count} essais` : `${count} essai`),
  onLine: "Rappelle en ce moment",
  beingCalled: "Rappel en cours",
  mine: "Vous",
  callBack: "Rappeler",
  take: "Prendre",
  takeOver: "Reprendre",
  release: "Rendre",
  close: "Clôturer",
  again: "Encore pour clôturer",
  firstLost: "Premier appel",
  lastLost: "Dernier appel",
  place: "Perdu",
  cut: "Coupé par une panne",
  lastAgent: "Dernier agent",
  waited: "Temps en ligne",
  line: "Ligne",
  flow: "Flux",
  tried: "Essais",
  never: "aucun",
  owner: "Pris par",
  nobodyYet: "personne",
  hiddenWhy: "L’appelant n’a pas donné son numéro\u00a0: il ne peut pas être rappelé.",
  onLineWhy: "L’appelant est de nouveau en attente\u00a0: décrochez son appel.",
  unshown: (count: number) => `et ${count} autres, moins urgents`,
  figures: {
    open: "À rappeler",
    losses: "Perdus aujourd’hui",
    ratio: "Rappelés",
    of: (done: number, due: number) => `${done} sur ${due}`,
    toAttempt: "Délai moyen de rappel",
    toClosing: "Délai moyen de clôture",
    none: "–",
    rule: "Appels perdus aujourd’hui, hors abandons courts, numéros masqués et appelants répondus avant tout essai.",
  },
};
