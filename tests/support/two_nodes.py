"""A centre with two Asterisks, under its launcher, each of which can be hurt; and a caller who tries both."""

from contextlib import AsyncExitStack

from app.settings import NodeSettings
from simulator.callers import Caller, CallNotAnswered

SECOND = NodeSettings(name="asterisk-b")
NODES = ("asterisk-a", "asterisk-b")
ADDRESSES = {"asterisk-a": ("127.0.0.1", 5060), "asterisk-b": ("127.0.0.1", SECOND.sip_port)}


async def call_either(
    stack: AsyncExitStack, number: str, first: str = "asterisk-a", seconds: float = 20
) -> tuple[Caller, str]:
    """Call as an operator with two roads does: the second when the first refuses or is silent.

    Returns:
        the caller, whose line is picked up, and on which Asterisk.
    """
    for node in sorted(NODES, key=lambda name: name != first):
        caller = await stack.enter_async_context(await Caller.open(ADDRESSES[node], "127.0.0.1"))
        caller.call("15", number=number)
        try:
            await caller.answered(seconds if node == first else 20)
        except (CallNotAnswered, TimeoutError):
            caller.hang_up()
            continue
        return caller, node
    raise AssertionError("no Asterisk answers")
