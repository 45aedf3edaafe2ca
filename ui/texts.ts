/** Every text of the pages, in French. `\u00a0` before high punctuation, as French wants it. */

import type {
  DeskGroup,
  EntryKind,
  ItemOutcome,
  LossPlace,
  PauseReason,
  PositionState,
  Priority,
  Role,
} from "./views";

export const product = "Bandeau15";

export const roles: Record<Role, string> = {
  arm: "ARM",
  physician_mu: "Médecin régulateur urgentiste",
  physician_ml: "Médecin régulateur libéral",
  supervisor: "Superviseur",
};

export const rolesShort: Record<Role, string> = {
  arm: "ARM",
  physician_mu: "MU",
  physician_ml: "ML",
  supervisor: "Sup.",
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

export const login = {
  title: "Connexion",
  subtitle: "Bandeau de communication du SAMU – Centre 15",
  account: "Identifiant",
  password: "Mot de passe",
  showPassword: "Afficher le mot de passe",
  hidePassword: "Masquer le mot de passe",
  capsLock: "Verrouillage des majuscules actif",
  submit: "Se connecter",
  submitting: "Connexion…",
  wrong: "Identifiant ou mot de passe incorrect.",
  tooMany: "Trop d’essais. Patientez une minute, puis recommencez.",
  unreachable: "Le serveur de la salle ne répond pas. Vérifiez le réseau, puis recommencez.",
  failed: "La connexion a échoué. Recommencez\u00a0; si cela dure, prévenez le superviseur.",
  wallboard: "Affichage de la salle",
  theme: "Thème",
};

export const themes = { auto: "Automatique", light: "Clair", dark: "Sombre" };

export const check = {
  title: "Vérification avant la prise de poste",
  lead: "Micro, casque, écho\u00a0: tout doit être au vert avant de prendre des appels.",
  hello: (name: string) => `Bonjour ${name}`,
  microphone: "Micro",
  microphoneChoice: "Micro utilisé",
  level: "Niveau du micro",
  levelWait: "Parlez normalement\u00a0: la barre doit bouger.",
  levelHeard: "Le micro vous entend.",
  microphoneAsk: "Le navigateur demande l’accès au micro\u00a0: acceptez.",
  microphoneDenied:
    "Accès au micro refusé. Autorisez-le dans les réglages du site (icône à gauche de l’adresse), puis réessayez.",
  microphoneMissing: "Aucun micro trouvé. Branchez le casque, puis réessayez.",
  microphoneBusy: "Le micro est pris par une autre application. Fermez-la, puis réessayez.",
  microphoneInsecure:
    "Le navigateur ne donne le micro qu’à une page sûre\u00a0: ouvrez cette page en HTTPS (ou depuis ce poste même).",
  retry: "Réessayer",
  headset: "Casque",
  headsetChoice: "Écoute dans",
  headsetDefault: "Sortie du système",
  headsetFixed: "Ce navigateur écoute dans la sortie du système.",
  playTone: "Jouer un son",
  toneHint: "Vous devez entendre trois notes dans le casque.",
  notifications: "Notifications",
  notificationsAsk: "Autoriser les notifications",
  notificationsOn: "Un appel présenté sera aussi notifié par le système.",
  notificationsOff: "Notifications refusées\u00a0: la sonnerie et le titre de l’onglet signaleront l’appel.",
  notificationsUnsupported: "Ce navigateur n’a pas de notifications\u00a0: la sonnerie signalera l’appel.",
  echo: "Écho",
  echoIdle: "Le test appelle le serveur téléphonique, qui renvoie votre voix.",
  echoStart: "Lancer le test d’écho",
  echoAgain: "Refaire le test",
  echoStop: "Arrêter",
  echoCalling: "Appel du serveur téléphonique…",
  echoProbe: "Mesure du retour…",
  echoSpeak: "Parlez\u00a0: vous devez vous entendre.",
  echoOk: (ms: number) => `Le son revient (${ms} ms).`,
  echoVoice: "Votre voix est revenue.",
  echoNoVoice: "Le son revient, mais le micro n’a rien entendu.",
  echoSilent: "Aucun son n’est revenu. Vérifiez le réseau ou prévenez le superviseur.",
  echoFailed:
    "Le serveur téléphonique ne répond pas\u00a0: nouvel essai… Si cela dure, prévenez le superviseur.",
  returned: "Retour entendu",
  allGood: "Tout est au vert\u00a0: vous pouvez prendre le poste.",
  start: "Prendre le poste",
  skip: "Passer la vérification",
  skipDone: (time: string) =>
    `Vérification réussie aujourd’hui à ${time}. Prendre le poste sans la refaire\u00a0?`,
  skipNever: "Le son n’a pas été vérifié aujourd’hui. Prendre le poste quand même\u00a0?",
  skipYes: "Prendre le poste",
  skipNo: "Revenir à la vérification",
  logOut: "Se déconnecter",
};

export const network = {
  title: "Réseau",
  idle: "Mesuré pendant le test d’écho.",
  measuring: "Mesure du réseau en cours…",
  failed: "Le réseau n’a pas pu être mesuré. Refaites le test d’écho.",
  verdicts: {
    good: "Réseau bon.",
    fair: "Réseau moyen\u00a0: la voix peut hacher par moments.",
    poor: "Réseau insuffisant\u00a0: l’appelant vous comprendra mal.",
  },
  levels: { good: "Réseau bon", fair: "Réseau moyen", poor: "Réseau insuffisant" },
  advice: {
    loss: "Des paquets se perdent\u00a0: branchez un câble à la place du Wi-Fi, ou rapprochez-vous de la borne.",
    jitter:
      "Le débit est irrégulier\u00a0: arrêtez téléchargements et vidéos sur ce réseau, ou branchez un câble.",
    delay: "Le chemin est long\u00a0: coupez le VPN s’il n’est pas nécessaire, ou changez de réseau.",
  },
  loss: "Perte",
  jitter: "Gigue",
  roundTrip: "Aller-retour",
  mos: "Note estimée",
  degraded: "Réseau insuffisant\u00a0: l’appelant vous entend mal. Branchez un câble, ou prenez un téléphone.",
};

export const phone = {
  choice: "Entendre les appelants",
  headset: "Au casque",
  telephone: "Au téléphone",
  number: "Numéro du téléphone",
  numberHint: "Fixe ou mobile. Le bandeau reste sur cet écran.",
  numberGiven: "Ce téléphone est fixé par le centre.",
  mode: "Usage du téléphone",
  modes: {
    kept: {
      name: "Ligne gardée\u00a0:",
      meaning: "le téléphone sonne une fois, et reste en ligne toute la garde.",
    },
    per_call: { name: "À chaque appel\u00a0:", meaning: "le téléphone sonne à chaque appel présenté." },
  },
  howTo: "Il va sonner\u00a0: décrochez, puis tapez 1 (ou le code affiché ici).",
  start: "Prendre le poste par téléphone",
  lead: "Indiquez le téléphone, puis prenez le poste.",
  calling: (code: string | undefined) =>
    code === undefined
      ? "Votre téléphone sonne\u00a0: décrochez, puis tapez 1."
      : `Votre téléphone sonne\u00a0: décrochez, puis tapez ${code}.`,
  confirming: (code: string) => `Téléphone décroché\u00a0: tapez ${code} sur ses touches.`,
  again: (time: string) => `Nouvel appel dans ${time}.`,
  call: "Appeler mon téléphone",
  reasons: {
    busy: "Téléphone occupé.",
    no_answer: "Téléphone sans réponse.",
    not_confirmed: "Téléphone décroché sans que la touche soit tapée (répondeur\u00a0?).",
    hung_up: "Téléphone raccroché ou coupé.",
    unreachable: "Ce numéro ne peut pas être joint.",
    failed: "Le téléphone n’a pas pu être appelé.",
  },
};

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
  help: "Cette aide",
  close: "Fermer un menu",
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
  progress: "Réécoute en cours",
};

export const everybody = {
  title: "Appel général",
  go: (count: number) =>
    count > 1 ? `Appeler les ${count} postes disponibles` : "Appeler les postes disponibles",
  why: "Tous les postes disponibles sonnent ensemble\u00a0; chacun de ceux qui décrochent entre dans l’appel.",
};

export const wallboard = {
  title: "Salle",
  queue: (queue: string) => `Salle ${queue}`,
  waiting: "En attente",
  longest: "Attente la plus longue",
  none: "aucune",
  answered: "Décrochés",
  abandoned: "Abandonnés",
  presented: "Reçus",
  overflowed: "Débordés",
  aided: "Entraide (décrochés / reçus)",
  inProgress: "En cours",
  inSvi: "Au SVI",
  openLines: "Lignes ouvertes",
  planRefused: "Plan refusé\u00a0: l’ancien reste en vigueur",
  surge: (name: string) => `Renfort\u00a0: ${name}`,
  today: "Aujourd’hui",
  now: "Maintenant",
  positions: "Postes",
  nobody: "Aucun poste ouvert",
  lost: "Affichage interrompu",
  lostSince: (time: string) => `Liaison perdue\u00a0: chiffres de ${time}`,
  connecting: "Connexion à la salle…",
  switchDown: "Téléphonie injoignable par la salle",
  levels: { calm: "Calme", watch: "À surveiller", alert: "Alerte" },
};

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

export const notes = { title: "Notes", label: "Nouvelle note", add: "Ajouter" };

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
