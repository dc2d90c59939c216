"""One context of the PC/SC service, and what its result codes mean to the port."""

from __future__ import annotations

from typing import Any


class Context:
    """One PC/SC context, established when first used and given up for a new one when the service went away."""

    def __init__(self, scard: Any) -> None:
        self.scard = scard
        self.reader_count = 0  # the state of the pseudo reader, on Windows
        self._handle: Any = None

    @property
    def is_established(self) -> bool:
        """Whether there is a handle, and the service has not been found gone since."""
        return self._handle is not None

    def handle(self) -> Any:
        """Give the native handle; raises ConnectionError when there is no service."""
        if self._handle is None:
            result, handle = self.scard.SCardEstablishContext(self.scard.SCARD_SCOPE_USER)
            if result != self.scard.SCARD_S_SUCCESS:
                raise ConnectionError(f"PC/SC {result & 0xFFFFFFFF:08X}")
            self._handle = handle
        return self._handle

    def release(self) -> None:
        """Give the handle back."""
        handle, self._handle = self._handle, None
        if handle is not None:
            self.scard.SCardReleaseContext(handle)

    def cancel(self) -> None:
        """End a wait that is pending on this context; callable from any thread."""
        handle = self._handle
        if handle is not None:
            self.scard.SCardCancel(handle)

    def check(self, result: int) -> None:
        """Raise the builtin of a result that is no success; a service that went away costs the context."""
        if result == self.scard.SCARD_S_SUCCESS:
            return
        if result in _service_gone(self.scard):
            self.release()
        raise _error(self.scard, result)


def _error(scard: Any, code: int) -> OSError:
    """Turn a PC/SC result code into the builtin of the port contract."""
    text = f"PC/SC {code & 0xFFFFFFFF:08X}"
    aborted = (
        scard.SCARD_W_REMOVED_CARD,
        scard.SCARD_W_RESET_CARD,
        scard.SCARD_E_NO_SMARTCARD,
        scard.SCARD_E_NOT_TRANSACTED,  # what a removal in the middle of an exchange looks like
        scard.SCARD_W_UNPOWERED_CARD,
    )
    mute = (scard.SCARD_W_UNRESPONSIVE_CARD, scard.SCARD_E_TIMEOUT, scard.SCARD_F_WAITED_TOO_LONG)
    if code in aborted:
        return ConnectionAbortedError(text)
    if code in mute:
        return TimeoutError(text)
    if code == scard.SCARD_E_SHARING_VIOLATION:
        return ConnectionRefusedError(text)
    if code in _service_gone(scard) or code in (scard.SCARD_E_UNKNOWN_READER, scard.SCARD_E_READER_UNAVAILABLE):
        return ConnectionError(text)
    return OSError(text)


def _service_gone(scard: Any) -> tuple[int, ...]:
    return (
        scard.SCARD_E_NO_SERVICE,
        scard.SCARD_E_SERVICE_STOPPED,
        scard.SCARD_E_INVALID_HANDLE,
        scard.SCARD_F_COMM_ERROR,
        scard.SCARD_E_SYSTEM_CANCELLED,
    )
