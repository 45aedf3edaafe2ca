"""What Asterisk loads and what it keeps quiet about. Everything else it ships with stays on the shelf."""

from typing import Final

from telephony.security import KINDS

MODULES: Final[tuple[str, ...]] = tuple(
    """
    res_timing_timerfd res_sorcery_config res_sorcery_memory res_sorcery_astdb
    pbx_config func_callerid func_channel func_cut func_global func_logic func_strings func_talkdetect
    func_timeout
    app_stack app_channelredirect app_dial app_echo app_mixmonitor app_queue res_musiconhold

    codec_alaw codec_ulaw codec_a_mu codec_resample codec_opus_open_source res_format_attr_opus
    format_wav format_pcm format_sln

    bridge_softmix bridge_holding bridge_builtin_features

    res_pjproject res_pjsip res_pjsip_session res_pjsip_pubsub res_pjsip_sdp_rtp res_rtp_asterisk res_srtp
    chan_pjsip res_pjsip_acl res_pjsip_authenticator_digest res_pjsip_outbound_authenticator_digest
    res_pjsip_caller_id res_pjsip_dtmf_info res_pjsip_endpoint_identifier_ip
    res_pjsip_endpoint_identifier_user res_pjsip_header_funcs res_pjsip_nat res_pjsip_registrar
    res_pjsip_rfc3326 res_pjsip_dlg_options res_http_websocket res_pjsip_transport_websocket

    res_websocket_client res_stasis res_stasis_answer res_stasis_playback res_stasis_recording res_stasis_snoop
    res_stasis_broadcast res_ari res_ari_model res_ari_applications res_ari_asterisk res_ari_bridges
    res_ari_channels res_ari_endpoints res_ari_events res_ari_playbacks app_stasis app_stasis_broadcast
    """.split()  # noqa: SIM905 - reads better than ninety quotes
)
"""Explicit load list: the ground and the dialplan; codecs and files; bridging; SIP, WebRTC and media; ARI.

Every talk is mixed, also one of two (no ``bridge_simple``, no ``bridge_native_rtp``): what one party sends
would else reach the other's recorder with its own packet numbers, and Debian's Asterisk leaves out of the
recording what seems older than what the last party sent (``docs/asterisk.md``, packet numbers).
"""

LOCATION_MODULES: Final = ("func_uri", "res_geolocation", "res_pjsip_geolocation")
"""Further ones where a trunk is believed when its INVITE says where the caller is (PIDF-LO)."""

DECLINED_MESSAGES: Final[tuple[str, ...]] = (
    "cel_generic_type",
    "ast_channel_varset_type",
    "ast_rtp_rtcp_sent_type",
    "ast_rtp_rtcp_received_type",
)
"""Internal messages that nobody hears. The manager interface refuses to start without most others."""

MANAGER_EVENTS: Final[tuple[str, ...]] = ("ContactStatus", *KINDS)
"""The manager's events let through to the core: contacts of strips, and refusals for a security reason."""

SILENCED_MANAGER_EVENTS: Final[tuple[str, ...]] = tuple(
    """
    Newchannel Newstate Newexten NewCallerid NewConnectedLine NewAccountCode Rename Hangup HangupRequest
    SoftHangupRequest DialBegin DialEnd DialState BridgeCreate BridgeDestroy BridgeEnter BridgeLeave BridgeMerge
    MusicOnHoldStart MusicOnHoldStop MixMonitorStart MixMonitorStop MixMonitorMute DTMFBegin DTMFEnd Hold Unhold
    DeviceStateChange ExtensionStatus PeerStatus SuccessfulAuth ChallengeSent ChannelTalkingStart
    ChannelTalkingStop QueueCallerJoin QueueCallerLeave QueueCallerAbandon QueueMemberStatus AgentCalled
    AgentConnect AgentComplete AgentRingNoAnswer
    """.split()  # noqa: SIM905 - reads better than forty quotes
)
"""The manager's events that come with calls. Merely let through to nobody, each would still be written out."""
