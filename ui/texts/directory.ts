/** The directory and the recent calls, in words. */

import type { EntryKind } from "../views";

export const entryKinds: Record<EntryKind, string> = {
  smur: "SMUR",
  samu: "SAMU",
  hospital: "Hôpital",
  ambulance: "Ambulance",
  fire: "Pompiers",
  police: "Police",
  doctor: "Médecin",
  health: "Santé",
  authority: "Autorité",
  agent: "Agent",
  other: "Autre",
};

export const directory = {
  title: "Annuaire",
  search: "Chercher un nom, un service, un numéro",
  results: "Fiches",
  favourites: "Favoris",
  found: (count: number) => (count > 1 ? `${count} fiches` : count === 1 ? "1 fiche" : "Aucune fiche"),
  noFavourites: "Aucun favori\u00a0: tapez un nom.",
  nothing: "Aucune fiche ne correspond.",
  empty: "L’annuaire est vide ou n’a pas encore été reçu.",
  alone: "Annuaire gardé par ce poste\u00a0: la salle ne répond pas.",
  star: "Mettre en favori",
  unstar: "Retirer des favoris",
  starFailed: "Le favori n’a pas été pris par la salle.",
  call: "Appeler",
  transfer: "Transférer",
  invite: "Ajouter à la conférence",
  edit: "Modifier la fiche",
};

export const entryForm = {
  add: "Nouvelle fiche",
  name: "Nom",
  kind: "Type",
  numbers: "Numéros",
  numbersHint: "Un par ligne, avec un libellé avant = s’il en faut un\u00a0: garde = 01 99 00 12 34",
  priority: "Priorité (3\u00a0: en premier)",
  favourite: "Favori de toute la salle",
  tags: "Étiquettes, séparées par des virgules",
  notes: "Notes",
  save: "Enregistrer",
  cancel: "Annuler",
  remove: "Supprimer",
  removeSure: "Encore pour supprimer",
};

export const sheetBox = {
  title: "Tableur",
  export: "Exporter (CSV)",
  file: "Fichier CSV à prendre",
  replace: "Retirer les fiches absentes du fichier",
  import: "Importer",
  done: ({ added, changed, removed }: { added: number; changed: number; removed: number }) =>
    `Pris\u00a0: ${added} ajoutées, ${changed} modifiées, ${removed} retirées.`,
};

export const recent = {
  title: "Derniers appels",
  none: "Aucun appel",
  failed: "La liste n’a pas pu être lue\u00a0: la salle ne répond pas.",
  ways: { in: "Reçu", out: "Émis", missed: "Manqué" },
  hidden: "Numéro masqué",
  everybody: "Tous les postes",
  colleague: (position: string) => `Poste ${position}`,
  unanswered: "sans réponse",
  ongoing: "en cours",
  redial: "Rappeler",
};
