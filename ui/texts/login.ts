/** The login page, in words. */

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
