"""Logging in to Amazon ECR with the AWS credentials that boto3 finds, for those without docker-credential-ecr-login.

The host decides the partition and the region, so that a token goes to the registry that it is for and nowhere else.

Sources: Amazon ECR user guide, "Private registry authentication" and "Dual-stack endpoints"; ECR Public user guide;
awslabs/amazon-ecr-credential-helper, ``ecr-login/api/client.go``, for the hosts.
"""

from __future__ import annotations

import base64
import binascii
import re
from importlib.util import find_spec
from typing import Any, Final

from ocianalyze.errors import AuthenticationError
from ocianalyze.regex import regex

_PRIVATE: Final = regex(
    r"(?P<account>\d{12})\.dkr[.-]ecr(?P<fips>-fips)?\.(?P<region>[a-z0-9][a-z0-9-]{0,40})\."
    r"(?:amazonaws\.(?:com(?:\.cn)?|eu)|(?P<dual>on\.(?:aws|amazonwebservices\.com\.cn))"
    r"|sc2s\.sgov\.gov|c2s\.ic\.gov|cloud\.adc-e\.uk|csp\.hci\.ic\.gov)",
    re.ASCII,
)
_PUBLIC: Final = "public.ecr.aws"
_PUBLIC_REGION: Final = "us-east-1"
_LONGEST_ANSWER: Final = 300


def is_ecr(registry: str) -> bool:
    """Tell whether a registry is one of Amazon's, in any partition."""
    return registry == _PUBLIC or _PRIVATE.fullmatch(registry) is not None


def is_available() -> bool:
    """Tell whether boto3 is installed (the extra ``ecr``)."""
    return find_spec("boto3") is not None


def login(registry: str) -> tuple[str, str] | None:
    """Return the user name and password for a registry of Amazon's.

    None where AWS knows of no credentials, or where it refuses them for ECR Public, which can be read anonymously.

    Raises:
        AuthenticationError: AWS refused.
    """
    from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError

    match = _PRIVATE.fullmatch(registry)
    try:
        if match is None:
            return _login(client(registry).get_authorization_token()["authorizationData"])
        return _login(client(registry).get_authorization_token(registryIds=[match["account"]])["authorizationData"][0])
    except NoCredentialsError:
        return None
    except (BotoCoreError, ClientError) as error:
        if match is None:
            return None
        raise _failed(registry, error) from error
    except (KeyError, IndexError, binascii.Error, UnicodeDecodeError) as error:
        raise AuthenticationError(f"AWS returned an invalid login for {registry}") from error


def client(registry: str) -> Any:  # noqa: ANN401 - boto3 makes its classes as it goes
    """Return the client of the service that logs in to a registry, in the partition and region of its host."""
    from boto3.session import Session
    from botocore.config import Config

    match = _PRIVATE.fullmatch(registry)
    config = Config(
        connect_timeout=10,
        read_timeout=30,
        retries={"max_attempts": 3},
        use_fips_endpoint=bool(match and match["fips"]) or None,
        use_dualstack_endpoint=bool(match and match["dual"]) or None,
    )
    if match is None:
        return Session().client("ecr-public", region_name=_PUBLIC_REGION, config=config)
    return Session().client("ecr", region_name=match["region"], config=config)


_LOG_IN: Final = "Log in to AWS with a role that allows ecr:GetAuthorizationToken"
HAPPENED: Final = {
    "ProfileNotFound": ("there is no AWS profile {profile}", "Check AWS_PROFILE"),
    "PartialCredentialsError": ("the AWS credentials lack {cred_var}", "Set it, or log in to AWS again"),
    "CredentialRetrievalError": (
        "the AWS credentials cannot be obtained from {provider}",
        "Check the provider, or try again",
    ),
    "MetadataRetrievalError": (
        "the AWS credentials cannot be obtained from the container",
        "Check its credentials endpoint",
    ),
    "UnauthorizedSSOTokenError": ("the AWS SSO session has expired", "Run 'aws sso login'"),
    "SSOTokenLoadError": ("there is no AWS SSO session", "Run 'aws sso login'"),
    "TokenRetrievalError": ("the AWS SSO session has expired", "Run 'aws sso login'"),
    "EndpointConnectionError": ("AWS cannot be reached at {endpoint_url}", "Check the network and HTTPS_PROXY"),
    "ConnectTimeoutError": ("AWS does not answer at {endpoint_url}", "Check the network and HTTPS_PROXY"),
    "ReadTimeoutError": ("AWS stopped answering at {endpoint_url}", "Try again"),
    "SSLError": ("the certificate of AWS at {endpoint_url} is not trusted", "Set AWS_CA_BUNDLE to its authority"),
}
"""What botocore's exceptions are called, what they mean with their `kwargs`, and what to do."""


def _failed(registry: str, error: Any) -> AuthenticationError:  # noqa: ANN401 - the classes are boto3's
    """Return the error for a login that failed: what AWS answered, or why it was not asked."""
    answer = getattr(error, "response", {}).get("Error", {})
    if answer:
        said = ": ".join(str(answer[key]) for key in ("Code", "Message") if answer.get(key))
        shown = said.encode("unicode_escape").decode("ascii")[:_LONGEST_ANSWER]
        return AuthenticationError(f"AWS refused the login to {registry}: {shown}", hint=_LOG_IN)
    name = next((kind.__name__ for kind in type(error).__mro__ if kind.__name__ in HAPPENED), "")
    what, hint = HAPPENED.get(name, (f"boto3 failed with {type(error).__name__}", _LOG_IN))
    return AuthenticationError(
        f"cannot log in to {registry}: {what.format_map(Known(getattr(error, 'kwargs', {})))}", hint=hint
    )


class Known(dict[str, Any]):
    """Parts of a message, cut; one that is missing is shown as a question mark."""

    def __init__(self, parts: dict[str, Any]) -> None:
        super().__init__({key: str(value)[:_LONGEST_ANSWER] for key, value in parts.items()})

    def __missing__(self, key: str) -> str:
        return "?"


def _login(data: dict[str, Any]) -> tuple[str, str]:
    username, _, password = base64.b64decode(data["authorizationToken"], validate=True).decode().partition(":")
    return username, password
