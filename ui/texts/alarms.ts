/** Alarms of the platform, by kind: what it is, and what it changes. Those on strips are said to agents.
 * `{since}` stands for the hour it began. */
export const alarmTexts: Record<string, string> = {
  database_away: "Base de données injoignable\u00a0: les appels continuent, nouvelles connexions impossibles",
  journal_disk_full:
    "Disque du journal plein\u00a0: les appels continuent, libérez de la place sans redémarrer",
  journal_events_lost: "Journal incomplet\u00a0: des événements sont perdus",
  recordings_disk_low: "Disque des enregistrements bientôt plein",
  recordings_disk_full: "Appels non enregistrés\u00a0: disque plein",
  recording_missing: "Un appel récent n’est pas enregistré",
  switch_silent: "Téléphonie injoignable par la salle",
  node_down: "Serveur de téléphonie en panne",
  standby_missing: "Pas de serveur de secours prêt à prendre le relais",
  mode_secours_used: "Des appels ont été pris en mode secours",
  test_call_failed: "L’appel d’essai a échoué",
  flood: "Afflux anormal d’appels d’une même origine\u00a0: limité",
  lrm_away: "LRM injoignable depuis {since}\u00a0: la fiche ne s’ouvre pas seule",
  clock_set: "L’heure du serveur a été changée\u00a0: la salle garde la sienne",
  archive_trouble: "L’archive des enregistrements ne fait pas son travail",
  certificate_ending: "Un certificat est à renouveler",
  stuck_states: "Des états incohérents ont été corrigés",
};
