/** The LRM's dossier of a call. */

export const dossier = {
  title: "Dossier",
  of: (id: string) => `Dossier ${id}`,
  open: "Voir le dossier de cet appel",
  only: "Le LRM n’a donné que le numéro du dossier.",
  priority: "Priorité",
  place: "Lieu",
  caller: "Appelant",
  address: "Adresse",
  patients: (count: number) => (count > 1 ? `${count} patients` : "Patient"),
  unnamed: "Patient sans nom",
  others: (count: number) => `+ ${count}`,
  born: (name: string) => `nom de naissance ${name}`,
  remarkable: "Remarquable",
  sexes: { M: "homme", F: "femme", O: "autre sexe", U: "sexe inconnu" },
  years: (n: number) => (n > 1 ? `${n}\u00a0ans` : `${n}\u00a0an`),
  months: (n: number) => `${n}\u00a0mois`,
  days: (n: number) => (n > 1 ? `${n}\u00a0jours` : `${n}\u00a0jour`),
  at: (time: string) => `donné par le LRM à ${time}`,
};
