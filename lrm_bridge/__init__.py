"""The link with the LRM (dispatch record software), by the published contract.

Emits LrmNotified and LrmNotificationFailed. Handles CallAnswered. Never delays a call.
"""
