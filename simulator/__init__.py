"""The simulated world around the centre: robot callers, robot positions, and the agents' LRM.

Robot callers are SIP clients with real RTP; robot positions log in, open the kept leg and answer like an ARM
does, over the same HTTP, WebSocket, SIP and WebRTC as the page. Nothing here imports the product: it is the
outside of it, used by the demonstration, by training and by tests.
"""
