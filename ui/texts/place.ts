/** Where callers are, in words. */

import type { PlaceFailure, PlaceSource } from "../views";

const SOURCES: Record<PlaceSource, string> = {
  aml_sms: "Mobile (AML, SMS)",
  aml_https: "Mobile (AML)",
  pidf_lo: "Réseau (SIP)",
  pflau: "Opérateur (PFLAU)",
  pflau_simulated: "PFLAU simulée",
  lrm: "LRM",
};

const FAILURES: Record<PlaceFailure, string> = {
  unknown: "pas de position connue",
  unavailable: "pas de réponse",
  no_news: "rien de plus récent",
};

export const place = {
  title: "Position",
  of: "Position de l’appelant",
  unknown: "Position inconnue",
  unknownRadius: "précision inconnue",
  simulated: "Position inventée, pour la démonstration",
  near: "Commune la plus proche",
  accuracy: "Précision",
  confidence: (percent: number) => `sûre à ${percent}\u202f%`,
  age: "Âge",
  source: "Source",
  altitude: "Altitude",
  address: "Adresse",
  coordinates: "Coordonnées",
  others: "Autres positions",
  copy: "Copier",
  copied: "Copié",
  copyByHand: "Sélectionné\u00a0: copiez avec Ctrl+C",
  lrm: "LRM",
  lrmLong: "Ouvrir dans le ",
  ask: "Demander",
  askLong: "Demander la position à l’opérateur",
  asking: "Demande en cours…",
  sources: (source: string) => SOURCES[source as PlaceSource] ?? source,
  failed: (source: string, reason: string) =>
    `${SOURCES[source as PlaceSource] ?? source}\u00a0: ${FAILURES[reason as PlaceFailure] ?? reason}`,
  map: "Carte",
  described: (accuracy: string, where: string) => `Carte autour de l’appelant\u00a0: ${accuracy}, ${where}.`,
  closer: "Rapprocher",
  farther: "Éloigner",
  mapLoading: "Chargement des communes…",
  mapMissing: "Noms des communes indisponibles",
  credit: "Communes\u00a0: © GeoNames (CC BY), INSEE",
  north: "N",
  announce: (where: string, accuracy: string) => `Position\u00a0: ${where}${accuracy && `, ${accuracy}`}.`,
  keys: "R demander · C copier · L dans le LRM · + − échelle",
};
