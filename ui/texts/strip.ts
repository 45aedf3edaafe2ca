/** The strip, in words. */

import type { Role } from "../views";

export const strip = {
  title: "Bandeau",
  offered: "Appel",
  actions: "Commandes",
  position: "État du poste",
  accept: "Décrocher",
  decline: "Refuser",
  hangUp: "Raccrocher",
  hangUpAgain: "Encore pour raccrocher",
  declineAgain: "Encore pour refuser",
  finish: "Terminer",
  hold: "Garde",
  resume: "Reprendre",
  mute: "Muet",
  unmute: "Micro",
  pause: "Pause",
  pausePlanned: "Pause prévue",
  ready: "Disponible",
  microphone: "Micro",
  microphoneCut: "Coupé",
  held: "En garde",
  connecting: "Connexion…",
  muted: "Micro coupé",
  pauseAfter: (reason: string) => `Ensuite\u00a0: ${reason}`,
  hidden: "Numéro masqué",
  line: (line: string) => `Ligne ${line}`,
  test: "Appel de test",
  openLine: "Ligne ouverte",
  aid: (centre: string) => `Entraide ${centre}`,
  wasWith: (who: string) => `A déjà été en ligne avec ${who}`,
  soundLost: "Votre son est coupé : votre correspondant patiente",
  waitsFor: "attend depuis",
  waitedFor: "a attendu",
  lastCall: "Dernier appel",
  noCall: "Aucun appel en cours",
  waiting: (count: number) => (count > 1 ? "appels en attente" : "appel en attente"),
  waitingShort: "en attente",
  longest: "attente la plus longue",
  longestShort: "la plus longue",
  nobodyWaits: "personne n’attend",
  available: (positions: number) =>
    positions > 1 ? `disponibles sur\u00a0${positions}` : `disponible sur\u00a0${positions}`,
  unreadyCauses: {
    audio: "Audio en cours d’ouverture…",
    microphone: "Micro indisponible",
    phone: "Téléphone appelé…",
    phoneLost: "Téléphone injoignable",
    switch: "Téléphonie injoignable",
    core: "Connexion à la salle…",
    waiting: "Mise en service…",
  },
  microphoneLost: "Micro indisponible\u00a0: branchez le casque ou autorisez le micro.",
  loading: "Ouverture du bandeau…",
  pauseTitle: "Motif de la pause",
  pauseTitleOnCall: "Pause après cet appel",
  back: "Retour",
  menu: "Menu",
  detach: "Détacher",
  theme: "Thème",
  recheck: "Casque",
  shortcuts: "Raccourcis",
  room: "Salle",
  logOut: "Quitter le poste",
  close: "Fermer",
  unlock: "Activer le son",
  unlockWhy: "Le navigateur retient le son\u00a0: cliquez n’importe où ou appuyez sur une touche.",
  replaced: "Le bandeau est ouvert dans une autre fenêtre.",
  takeBack: "Reprendre ici",
  restarting: "La salle redémarre\u00a0: les appels en cours continuent.",
  coreLost: "Mode secours\u00a0: la salle n’est plus jointe, les appels arrivent par le téléphone de secours.",
  secoursHeld: "Appel de secours en garde",
  coreLostShort: "Mode secours",
  switchDown: "La salle ne commande plus la téléphonie\u00a0: les appels en cours continuent.",
  legLost: "Audio coupé\u00a0: rétablissement en cours…",
  secoursCall: "Appel de secours",
  secoursOn: "Appel de secours en cours",
  secoursReady: "Secours\u00a0: disponible",
  secoursPaused: "Secours\u00a0: en pause",
  secoursOnCall: "Secours\u00a0: en appel",
  secoursWait: "Le prochain appel sonnera ici.",
  stillTalking: "Appel poursuivi sans la salle",
  leaveSecours: "Un appel de secours est en cours\u00a0: quitter la page le couperait.",
  announceOffer: (who: string, line: string, priority: string) =>
    `Appel présenté\u00a0: ${who}, ligne ${line}, ${priority}.`,
  announceState: (state: string) => `État\u00a0: ${state}.`,
  notificationTitle: "Appel présenté",
  holdKey: "maintenir ou deux fois",
};

/** What each key does; the keys themselves are in the strip's keymap. */
export const shortcuts = {
  replay: "Réécouter l’appelant",
  accept: "Décrocher",
  field: "Appeler, transférer, inviter",
  end: "Raccrocher, refuser (maintenir ou deux fois)",
  swap: "Va-et-vient entre deux appels",
  hold: "Garde / Reprendre",
  mute: "Muet / Micro",
  pause: "Pause, puis 1 à 5",
  ready: "Disponible\u00a0; en appel\u00a0: parquer pour un médecin, puis 0 à 3",
  lists: "Files\u00a0: appels à prendre",
  menu: "Menu",
  decline: "Refuser un appel présenté (deux fois)",
  complete: "Relier les deux appels et se retirer",
  leave: "Laisser les autres en relation",
  merge: "Conférence des deux appels",
  parties: "Participants",
  keypad: "Clavier (touches)",
  note: "Note sur l’appel",
  everybody: "Appel général",
  recording: "Suspendre l’enregistrement, puis 1 à 4\u00a0; enregistrer de nouveau",
  help: "Cette aide",
  close: "Fermer un menu",
};

/** A moment is left out of the recording. */
export const recording = {
  title: "Motif de la suspension",
  pause: "Suspendre l’enregistrement",
  resume: "Enregistrer",
  paused: (left: string) => `Enregistrement suspendu · ${left}`,
  by: (name: string, reason: string) => (name ? `${reason}, par ${name}` : reason),
  reasons: {
    privacy: "Confidence",
    code: "Code, paiement",
    colleagues: "Entre professionnels",
    other: "Autre motif",
  },
};

/** Mode secours: the caller is passed on to a number, without the core. */
export const passOn = {
  title: "Transférer l’appelant vers un numéro",
  open: "Transférer",
  number: "Numéro",
  passOn: "Transférer",
  key: "Entrée",
  refused: "Ce numéro ne peut pas être appelé en mode secours.",
};

/** Calls of a position: who is in them, and where an offer comes from. */
export const calls = {
  hidden: "Numéro masqué",
  everybody: "Tous les postes",
  aColleague: "un collègue",
  calling: "Appel sortant",
  conference: "Conférence",
  held: "En garde",
  beside: "À prendre",
  offers: {
    transfer: "Transfert",
    invite: "Invitation",
    internal: "Collègue",
    everybody: "Général",
  },
  origins: {
    transfer: (name: string) => `Transfert de ${name}`,
    invite: (name: string) => `Conférence demandée par ${name}`,
    internal: (name: string) => `Collègue\u00a0: ${name}`,
    everybody: (name: string) => `Appel général de ${name}`,
  },
  partyStates: {
    ringing: "sonne",
    connecting: "décroche",
    talking: "en ligne",
    held: "en garde",
    muted: "muet",
  },
  withOthers: (count: number) => `avec ${count} participants`,
  swap: "Va-et-vient",
  complete: "Relier",
  merge: "Conférence",
  leave: "Laisser",
  call: "Appeler",
  reach: "Transférer",
  park: "Médecin",
  repeat: "Rappelle",
  announceAsked: (origin: string, who: string) => `${origin}, ${who}.`,
};

/** The command field. */
export const find = {
  title: "Appeler, transférer, inviter",
  label: "Numéro, nom ou salle",
  placeholder: "Numéro, nom, salle…",
  nothing: "Personne ne correspond. Tapez un numéro pour l’appeler.",
  hint: "↑ ↓ pour choisir",
  typed: "numéro composé",
  room: (name: string) => `Salle ${name}`,
  waiting: (count: number) => (count === 0 ? "personne n’attend" : `${count} en attente`),
  ways: { in: "appel reçu", out: "appel émis", missed: "appel manqué" },
  roleWords: {
    arm: "arm",
    physician_mu: "mu médecin urgentiste régulateur",
    physician_ml: "ml médecin libéral régulateur",
    supervisor: "superviseur chef de salle",
    auditor: "auditeur",
    archivist: "archiviste",
  } satisfies Record<Role, string>,
  deeds: {
    call: "Appeler",
    consult: "Consulter",
    transfer: "Transférer",
    invite: "Inviter",
    seize: "Prendre son appel",
    seizeAgain: "Encore une fois\u00a0: prendre",
  },
  keys: { main: "↵", transfer: "⇧ ↵", invite: "Ctrl ↵", seize: "Alt ↵" },
};

/** Callers to choose from, and the alarms about them. */
export const lists = {
  title: "Files",
  toTake: "à prendre",
  nobody: "Aucun appel à prendre.",
  priority: "Priorité",
  who: "Appelant",
  room: "Salle",
  wait: "Attente",
  by: (name: string) => `parqué par ${name}`,
  mine: "parqué par vous",
  check: (time: string) => `À recontacter depuis ${time}`,
  left: (time: string) => `A raccroché il y a ${time}`,
  rings: (name: string) => `sonne chez ${name}`,
  take: "Prendre",
  pickUp: "Intercepter",
  seen: "Vu",
  change: (priority: string) => `Passer en ${priority}`,
  keys: "↑ ↓ choisir · Entrée prendre · 0 à 4 priorité · V vu",
  rooms: "Salles",
  offered: "proposé",
};

export const park = {
  title: "Parquer pour un médecin",
  noRoom: "Aucune salle de médecins n’est ouverte.",
  room: "Salle",
  waiting: (count: number) => `${count} en attente`,
};

export const parties = {
  title: "Participants",
  mute: "Couper",
  unmute: "Rétablir",
  drop: "Retirer",
  cancel: "Annuler",
  dropAgain: "Encore une fois",
  alone: "Personne d’autre dans cet appel.",
};

export const keypad = {
  title: "Clavier",
  hint: "Tapez les touches\u00a0: elles sont envoyées aussitôt.",
  sent: (count: number) => `${count} ${count > 1 ? "touches envoyées" : "touche envoyée"}`,
};

export const replay = {
  title: "Réécoute",
  seconds: (count: number) => `${count}\u00a0s`,
  last: (count: number) => `${count} dernières secondes`,
  slow: "Ralenti",
  stop: "Arrêter",
  live: "L’appelant reste audible, plus bas.",
  nothing: "Rien à réécouter pour l’instant.",
  kept: (count: number) => `${count}\u00a0s gardées`,
  far: "Dans votre téléphone, d’après l’enregistrement.",
  progress: "Réécoute en cours",
};

export const everybody = {
  title: "Appel général",
  go: (count: number) =>
    count > 1 ? `Appeler les ${count} postes disponibles` : "Appeler les postes disponibles",
  why: "Tous les postes disponibles sonnent ensemble\u00a0; chacun de ceux qui décrochent entre dans l’appel.",
};
