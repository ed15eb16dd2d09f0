"""Calls to AWS: clients of its services, and its refusals as errors of ours.

botocore's adaptive mode repeats what AWS throttles, at the pace that AWS allows.

Sources: botocore, "Retries" and "Error handling"; AWS service authorization reference, for the names of permissions.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar

from ocianalyze.errors import AuthenticationError, RegistryError, UsageError
from ocianalyze.regex import regex
from ocianalyze.sources.registry.login.ecr import HAPPENED, Known

if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Iterable, Iterator

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")

_AT_ONCE: Final = 8
"""How many requests wait for answers at the same time."""
_MOST_ATTEMPTS: Final = 5
"""How often a request is sent, the first time included, unless AWS_MAX_ATTEMPTS or the AWS profile says otherwise."""
_LONGEST_ANSWER: Final = 300


class NotFoundError(RegistryError):
    """AWS does not have what it was asked for."""


class _Refusal(NamedTuple):
    """What error codes of AWS mean, and what to do."""

    codes: re.Pattern[str]
    kind: type[RegistryError]
    message: str
    hint: str | None


_REFUSALS: Final = (
    _Refusal(regex(r"\w*NotFound(Exception)?"), NotFoundError, "AWS found nothing for {call}", None),
    _Refusal(
        regex(
            r"(Expired|InvalidClient|MissingAuthentication)Token\w*|RequestExpired|UnrecognizedClient\w*"
            r"|InvalidSignature\w*|IncompleteSignature\w*|SignatureDoesNotMatch|InvalidAccessKeyId|AuthFailure"
        ),
        AuthenticationError,
        "AWS does not accept the credentials for {call}",
        "Log in to AWS again, and check that your account has enabled the region",
    ),
    _Refusal(
        regex(r"AccessDenied\w*|Unauthorized\w*|NotAuthorized\w*"),
        AuthenticationError,
        "AWS denies {call}",
        "Allow {permission} for the AWS user or role that you use",
    ),
    _Refusal(
        regex(r"Throttl\w*|TooManyRequests\w*|RequestLimitExceeded|RequestThrottled\w*|SlowDown"),
        RegistryError,
        "AWS throttles {call}",
        "Try again later, or raise AWS_MAX_ATTEMPTS",
    ),
    _Refusal(regex(r".*"), RegistryError, "AWS could not answer {call}", "Try again later"),
)
_HAPPENED_TOO: Final = {
    "NoCredentialsError": ("there are no AWS credentials", "Log in to AWS, or set AWS_PROFILE"),
    "ProxyConnectionError": ("the proxy {proxy_url} cannot be reached", "Check HTTPS_PROXY"),
}


def client(service: str, region: str, *, fips: bool = False, dual_stack: bool = False) -> Any:  # noqa: ANN401
    """Return boto3's client of a service in a region. The caller closes it.

    Raises:
        UsageError: boto3 is not installed.
        RegistryError: the AWS profile or its configuration cannot be used.
    """
    try:
        from boto3.session import Session
        from botocore.config import Config
        from botocore.session import get_session
    except ImportError as error:
        raise UsageError("finding images in AWS needs boto3", hint="Install 'ocianalyze[aws]'") from error
    with _translated(service, region):
        core = get_session()
        retries: dict[str, Any] = {"mode": "adaptive"}
        if core.get_config_variable("max_attempts") is None:
            retries["total_max_attempts"] = _MOST_ATTEMPTS
        config = Config(
            connect_timeout=10,
            read_timeout=30,
            retries=retries,
            max_pool_connections=_AT_ONCE,
            use_fips_endpoint=fips or None,
            use_dualstack_endpoint=dual_stack or None,
        )
        return Session(botocore_session=core).client(service, region_name=region, config=config)


def ask(client: Any, operation: str, /, **parameters: object) -> dict[str, Any]:  # noqa: ANN401 - boto3's classes
    """Return the answer to one call, such as ``describe_domain``.

    Raises:
        NotFoundError: AWS does not have it.
        AuthenticationError: AWS denies the call, or there are no credentials that it accepts.
        RegistryError: AWS cannot be reached, or the call failed for another reason.
    """
    with _translated(client.meta.service_model.service_name, client.meta.region_name):
        answer: dict[str, Any] = getattr(client, operation)(**parameters)
        return answer


def pages(
    client: Any,  # noqa: ANN401 - boto3's classes
    operation: str,
    key: str,
    /,
    *,
    size: int,
    **parameters: object,
) -> Iterator[dict[str, Any]]:
    """Yield what a call lists under `key`, from all its pages of at most `size` items.

    Raises:
        RegistryError: as `ask` does.
    """
    with _translated(client.meta.service_model.service_name, client.meta.region_name):
        paginator = client.get_paginator(operation)
        for page in paginator.paginate(**parameters, PaginationConfig={"PageSize": size}):
            yield from page.get(key, ())


def concurrently(function: Callable[[_Item], _Result], items: Iterable[_Item]) -> list[_Result]:
    """Return what a function that waits for AWS returns for each item, in order; raise the first error."""
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return list(pool.map(function, items))


@contextmanager
def _translated(service: str, region: str) -> Iterator[None]:
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except ClientError as error:
        raise _refused(service, region, error) from error
    except BotoCoreError as error:
        raise _failed(service, region, error) from error


def _refused(service: str, region: str, error: Any) -> RegistryError:  # noqa: ANN401 - botocore's classes
    """Return the error for what AWS answered instead of a result."""
    answer = error.response.get("Error", {})
    code = str(answer.get("Code", ""))
    said = ": ".join(filter(None, (code, str(answer.get("Message") or answer.get("message") or ""))))
    refusal = next(refusal for refusal in _REFUSALS if refusal.codes.fullmatch(code))
    permission = f"{service}:{error.operation_name}"
    message = refusal.message.format(call=f"{permission} in {region}")
    hint = refusal.hint and refusal.hint.format(permission=permission)
    return refusal.kind(f"{message}: {said[:_LONGEST_ANSWER]}", hint=hint)


def _failed(service: str, region: str, error: Any) -> RegistryError:  # noqa: ANN401 - botocore's classes
    """Return the error for a call that got no answer, or that was not sent."""
    from botocore.exceptions import ConnectionError as UnconnectedError
    from botocore.exceptions import HTTPClientError

    known = HAPPENED | _HAPPENED_TOO
    name = next((kind.__name__ for kind in type(error).__mro__ if kind.__name__ in known), "")
    if name:
        what, hint = known[name]
        shown = what.format_map(Known(getattr(error, "kwargs", {})))
    else:
        shown, hint = f"{type(error).__name__}: {error}"[:_LONGEST_ANSWER], "Check the AWS configuration"
    kind = AuthenticationError if name and not isinstance(error, UnconnectedError | HTTPClientError) else RegistryError
    return kind(f"cannot ask {service} in {region}: {shown}", hint=hint)
