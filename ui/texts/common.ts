/** What several pages say, in words. */

import type { PauseReason, PositionState, Priority, Role } from "../views";

export const product = "Bandeau15";

export const roles: Record<Role, string> = {
  arm: "ARM",
  physician_mu: "Médecin régulateur urgentiste",
  physician_ml: "Médecin régulateur libéral",
  supervisor: "Superviseur",
  auditor: "Auditeur",
  archivist: "Archiviste",
};

export const rolesShort: Record<Role, string> = {
  arm: "ARM",
  physician_mu: "MU",
  physician_ml: "ML",
  supervisor: "Sup.",
  auditor: "Aud.",
  archivist: "Arch.",
};

export const states: Record<PositionState, string> = {
  unready: "Non prêt",
  ready: "Disponible",
  offered: "Appel présenté",
  on_call: "En appel",
  wrap_up: "Post-appel",
  paused: "Pause",
};

export const pauseReasons: Record<PauseReason, string> = {
  break: "Pause courte",
  meal: "Repas",
  handover: "Relève",
  training: "Formation",
  other: "Autre",
  no_answer: "Sans réponse",
};

export const priorities: Record<Priority, string> = {
  UV: "Urgence vitale",
  P0: "P0 vitale",
  P1: "P1",
  NR: "Non régulée",
  P2: "P2",
  P3: "P3",
  Px: "Priorité à définir",
};

export const themes = { auto: "Automatique", light: "Clair", dark: "Sombre" };

export const health = {
  title: "Liaisons",
  audio: "Audio",
  core: "Salle",
  switch: "Téléphonie",
  states: {
    up: "reliée",
    wait: "en cours",
    down: "coupée",
  },
};

export const errors = {
  timeout: "La salle n’a pas répondu. Recommencez.",
  disconnected: "La salle n’est pas jointe\u00a0: la commande n’est pas partie.",
  refused: "La commande a été refusée.",
  secours: "L’appel de secours n’a pas pu être pris.",
};

export const notes = { title: "Notes", label: "Nouvelle note", add: "Ajouter" };
