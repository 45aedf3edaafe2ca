"""The link with the LRM (dispatch record software), by the published contract, both ways.

Emits LrmNotified, LrmNotificationFailed and DossierCorrelated. Handles CallAnswered, CallsMerged, CallPlaced
and the command CorrelateDossier; clicks in the LRM become PlaceCall. Never delays a call.
"""
