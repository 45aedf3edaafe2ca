/** The check before the shift, and positions outside the centre, in words. */

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
