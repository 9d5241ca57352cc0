"""Whether a receiver of the kind apprise can work, as far as no network is needed to say so."""

from __future__ import annotations

import logging
import warnings
from dataclasses import replace
from functools import cache
from types import ModuleType

from crisiswatch.config.document import Document, Where
from crisiswatch.config.schema_receivers import AppriseModel
from crisiswatch.errors import ConfigError

__all__ = ["check_apprise", "knows", "library"]


def check_apprise(receiver: AppriseModel, where: Where, document: Document) -> None:
    """Note what is wrong with the receiver whose address stands at ``where``; a missing secret is told elsewhere."""
    if library() is None:
        hint = "pip install 'crisiswatch[apprise]' where crisiswatch runs"
        document.report("CW068", where[:-1], "apprise, which this receiver needs, is not installed", hint)
        return
    secret = receiver.url
    if secret.file is not None:
        secret = replace(secret, file=document.path.absolute().parent / secret.file)
    try:
        url = secret.reveal()
    except ConfigError:
        return
    if not knows(url):
        hint = "write it as apprise's documentation has it for the service, like tgram://TOKEN/CHAT"
        document.report("CW069", where, "what `url` refers to is not an address that apprise knows", hint)


def knows(url: str) -> bool:
    """Whether there is a service for this address, found without a network."""
    found = library()
    return found is not None and found.Apprise.instantiate(url) is not None


@cache
def library() -> ModuleType | None:
    """Give apprise, with its log shut off: it writes addresses, and with them the keys that are in them."""
    log = logging.getLogger("apprise")
    log.propagate = False
    log.setLevel(logging.DEBUG)  # what it gives as the reason of a failure is only what its log lets through
    if not log.handlers:
        log.addHandler(logging.NullHandler())
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # of what it imports; nobody here can mend that
            import apprise

            apprise.Apprise.instantiate("json://localhost")  # it loads its services when it is first asked for one
    except ImportError:
        return None
    module: ModuleType = apprise
    return module
