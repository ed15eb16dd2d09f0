"""Why TLS with a server failed: one kind of fault each, with what to do about it."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from ocianalyze.errors import RegistryError
from ocianalyze.sources.registry.answers.wording import told
from ocianalyze.sources.registry.connections.watched import PEER

if TYPE_CHECKING:
    from ocianalyze.sources.registry.connections.peer import Peer

_NOT_YET_VALID, _EXPIRED, _REVOKED = 9, 10, 23
_OTHER_NAMES: Final = frozenset((62, 64))
_UNKNOWN_AUTHORITY: Final = frozenset((2, 18, 19, 20, 21, 27))
_SELF_SIGNED: Final = 18
_WEAK: Final = {
    24: "was issued by a certificate that is not an authority",
    79: "was issued by a certificate that is not an authority",
    26: "is not meant for servers",
    66: "has a key that is too short to be secure",
    67: "has a key that is too short to be secure",
    68: "is signed in a way that is not secure, such as with SHA-1",
}
"""``x509_vfy.h`` of OpenSSL."""
_MOST_NAMES: Final = 5

_PLAIN: Final = (
    "WRONG_VERSION_NUMBER",
    "RECORD_LAYER_FAILURE",
    "HTTP_REQUEST",
    "PACKET_LENGTH_TOO_LONG",
    "UNKNOWN_PROTOCOL",
)
_CLIENT_HINT: Final = "Put the certificate and its key into --cert-dir or certs.d/HOST, as NAME.cert and NAME.key"
_KINDS: Final = (
    (_PLAIN, "does not speak TLS", "Add --plain-http if the registry uses plain HTTP"),
    (("CERTIFICATE_REQUIRED", "PEER_DID_NOT_RETURN"), "requires a client certificate", _CLIENT_HINT),
    (
        ("ALERT_BAD_CERTIFICATE", "ALERT_UNKNOWN_CA", "ALERT_CERTIFICATE", "ALERT_UNSUPPORTED_CERT"),
        "does not accept the client certificate, or requires one",
        _CLIENT_HINT,
    ),
    (
        ("UNSUPPORTED_PROTOCOL", "PROTOCOL_VERSION", "WRONG_SSL_VERSION", "VERSION_TOO_LOW"),
        "offers only versions of TLS that are too old",
        "Enable TLS 1.2 or newer on the server",
    ),
    (("UNRECOGNIZED_NAME",), "does not know a host of this name", "Check the name and the port"),
    (
        ("LEGACY_RENEGOTIATION", "DH_KEY_TOO_SMALL", "BAD_SIGNATURE", "WRONG_SIGNATURE_TYPE"),
        "uses TLS in a way that is no longer secure",
        "Update the TLS settings of the server",
    ),
    (
        ("HANDSHAKE_FAILURE",),
        "refused the TLS handshake",
        f"Check which versions and ciphers it accepts. If it requires a client certificate: {_CLIENT_HINT}",
    ),
)
"""Words in the reasons of OpenSSL, what they mean, and what to do."""


def is_one(cause: BaseException) -> bool:
    """Tell whether an error is one of TLS."""
    return isinstance(cause, ssl.SSLError) and not isinstance(cause, ssl.SSLEOFError | ssl.SSLZeroReturnError)


def is_plain(cause: BaseException) -> bool:
    """Tell whether a server answered without TLS."""
    return any(word in _reason(cause) for word in _PLAIN)


def explained(cause: BaseException, where: str, proxy: str | None) -> RegistryError:
    """Return the error for TLS that failed with `where`, on a way through `proxy`, if any."""
    if isinstance(cause, ssl.SSLCertVerificationError):
        return _untrusted(cause, where, proxy)
    reason = _reason(cause)
    for words, what, hint in _KINDS:
        if any(word in reason for word in words):
            return RegistryError(f"{where} {what}", hint=hint)
    return RegistryError(f"TLS with {where} failed", hint="Check the TLS settings of the server, or try again")


def _untrusted(cause: ssl.SSLCertVerificationError, where: str, proxy: str | None) -> RegistryError:
    what, peer, now = f"the certificate of {where}", getattr(cause, PEER, None), datetime.now(UTC)
    through = f" (through the proxy {proxy})" if proxy else ""
    code = cause.verify_code
    if code == _EXPIRED:
        if peer is not None and peer.ends < now:
            what = f"{what}{through} expired on {peer.ends:%Y-%m-%d}"
        else:
            what = f"an authority of {what}{through} has expired"
        return RegistryError(what, hint="Renew it on the server, or set the clock of this machine if that is wrong")
    if code == _NOT_YET_VALID:
        begins = f" before {peer.begins:%Y-%m-%d %H:%M} UTC" if peer is not None else ""
        return RegistryError(f"{what}{through} is not valid{begins} yet", hint="Check the clocks of both machines")
    if code in _OTHER_NAMES:
        host = urlsplit(where).hostname or where
        names = _names(peer)
        return RegistryError(
            f"{what}{through} is not for {host}" + (f", but for {names}" if names else ""),
            hint="Use a name that it is for, or issue it for this name, too",
        )
    if code in _UNKNOWN_AUTHORITY:
        return _unknown(cause, where, peer, proxy)
    if code == _REVOKED:
        return RegistryError(f"{what}{through} was revoked", hint="Replace it on the server")
    return RegistryError(
        f"{what}{through} {_WEAK.get(code, f'is not accepted (code {code})')}", hint="Replace it on the server"
    )


def _unknown(cause: ssl.SSLCertVerificationError, where: str, peer: Peer | None, proxy: str | None) -> RegistryError:
    what = f"the certificate of {where}{f' (through the proxy {proxy})' if proxy else ''} is not trusted"
    last = "or, if you must, use --tls-verify=false"
    if cause.verify_code == _SELF_SIGNED:
        return RegistryError(f"{what}: it is self-signed", hint=f"Add it with --ca-file FILE, {last}")
    issuer = f": it was issued by '{told(peer.issuer, 100)}', which is unknown here" if peer and peer.issuer else ""
    if proxy:
        hint = f"If the proxy inspects TLS, add its certificate authority with --ca-file FILE, {last}"
    else:
        hint = f"Add this certificate authority with --ca-file FILE or --cert-dir, {last}"
    return RegistryError(f"{what}{issuer}", hint=hint)


def _names(peer: Peer | None) -> str:
    if peer is None:
        return ""
    names = [told(name, 100) for name in (peer.names or (peer.subject,)) if name]
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    return f"{', '.join(names[:_MOST_NAMES])}{more}"


def _reason(cause: BaseException) -> str:
    """Return why OpenSSL says that TLS failed, as its names have it."""
    reason = getattr(cause, "reason", None) or str(cause)
    return str(reason).upper().replace(" ", "_")
