"""The only code that speaks to Asterisk: ARI and AMI in, the closed events of ``core.switch`` out.

Owns the configuration Asterisk runs on (rendered from ``asterisk-conf/templates``), the announcements, the
control of channels and bridges, the accounts of strips and the members of the fallback's queue.
Emits no journal event; implements ``core.ports.Switch``, ``StripCredentials`` and ``FallbackQueue``.
"""
