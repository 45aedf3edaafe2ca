"""What can go wrong with sealed recordings."""


class SealingError(Exception):
    """Base of all errors of sealing."""


class NotSealable(SealingError):
    """No track of the recording can be read: there is nothing to seal."""


class NotAuthentic(SealingError):
    """An object was altered, cut, put together anew, moved, or is read with another key."""


class NoSuchKey(SealingError):
    """The centre key that wraps a recording's key is not in the key ring: recover it from escrow."""


class NotFound(SealingError):
    """The archive has no such object."""


class ChainBroken(SealingError):
    """The chain on the disk is not what was written: nothing may be added before somebody has looked."""


class SealFailed(SealingError):
    """A recording could not be sealed: each worker that tried died."""
