"""What people read on a screen when something is refused, in French."""

MESSAGES = {
    "bad_arguments": "La page a envoyé une demande incomplète. Rechargez-la.",
    "bad_credentials": "Identifiant ou mot de passe incorrect.",
    "bad_origin": "Demande refusée : elle ne vient pas de cette page.",
    "bad_request": "Demande refusée : elle est mal formée.",
    "caller_on_line": "L'appelant rappelle en ce moment : son appel attend déjà une réponse.",
    "directory_file_invalid": "Le fichier n'a pas été pris : corrigez les lignes indiquées.",
    "directory_full": "L'annuaire est plein.",
    "entry_gone": "Cette fiche n'existe plus.",
    "entry_invalid": "La fiche n'est pas valable : corrigez ce qui est indiqué.",
    "error": "La demande n'a pas abouti.",
    "hidden_number": "Le numéro est masqué : il n'y a personne à rappeler.",
    "item_being_called": "Un rappel de ce numéro est déjà en cours.",
    "item_gone": "Cette ligne est déjà clôturée.",
    "item_taken": "Un collègue s'occupe déjà de ce rappel.",
    "no_call": "Aucun appel en cours sur ce poste.",
    "no_session": "Votre session est terminée : identifiez-vous de nouveau.",
    "note_empty": "La note est vide.",
    "note_too_long": "La note est trop longue : 2 000 caractères au plus.",
    "not_held": "L'appel n'est pas en garde.",
    "not_logged_in": "Ce poste n'est plus ouvert : identifiez-vous de nouveau.",
    "not_talking": "L'appel n'est pas en conversation.",
    "not_your_call": "Seuls les agents qui ont pris cet appel peuvent y écrire.",
    "offer_gone": "L'appel n'est plus proposé : l'appelant a raccroché ou un autre poste l'a pris.",
    "on_call": "Impossible pendant un appel : raccrochez d'abord.",
    "position_taken": "Ce poste est déjà pris par un autre agent.",
    "refused": "La demande est refusée.",
    "storage_unavailable": "La base de données ne répond pas ; les appels continuent. Réessayez bientôt.",
    "supervisors_only": "Réservé aux superviseurs.",
    "switch_down": "L'autocom ne répond pas. L'appel en cours continue ; réessayez dans un instant.",
    "switch_refused": "L'autocom a refusé la demande.",
    "switch_unavailable": "L'autocom ne répond pas. Réessayez dans un instant.",
    "too_many_attempts": "Trop d'essais : patientez avant de recommencer.",
    "too_many_commands": "Trop de demandes à la fois : patientez une seconde.",
    "too_many_notes": "Il y a déjà trop de notes.",
    "unknown_command": "La page ne correspond plus au serveur. Rechargez-la.",
}
"""Text of each error's code."""


def message(code: str) -> str:
    """The text of a code; a code without one reads as a plain refusal."""
    return MESSAGES.get(code, MESSAGES["error"])
