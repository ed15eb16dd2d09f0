"""What a rule is: a pure function of the subject that yields findings; it does no I/O and judges nothing.

A rule has a file of its own, whose docstring is the rule's page and whose function bears the rule's name::

    @rule(id="USR003", severity={CLASSIC: Severity.ERROR})
    def user_unresolvable(subject: Subject) -> Iterator[Finding]:
        ...

One that needs no more than the manifest, the config and the AppImageConfig says so, and is answered before any layer is
read; that it touches no file is for the type checker to prove::

    @rule(id="IMG001", severity=everywhere(Severity.ERROR), before_layers=True)
    def platform_unsupported(subject: Declaration) -> Iterator[Finding]:
        ...
"""

from __future__ import annotations

import sys
from dataclasses import KW_ONLY, dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias, overload

from ocianalyze.rules.page import Page, parse_page

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from ocianalyze.facts import Facts
    from ocianalyze.facts.registration import AppImageConfig
    from ocianalyze.filesystem.node import Node
    from ocianalyze.filesystem.tree import Filesystem
    from ocianalyze.oci.image import Image

PAGES: Final = "docs/rules/"
"""Where the pages of the rules are: relative to the project, which has no public address yet."""

_OWN_PACKAGE: Final = __name__.partition(".")[0]

SIZE_LIMIT: Final = 35_000_000_000
"""How large an image may be; in bytes (AWS writes "35 GB")."""


class Severity(StrEnum):
    """How bad a finding is; the levels of SARIF."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"

    @property
    def rank(self) -> int:
        """0 for the worst."""
        return list(Severity).index(self)


@dataclass(frozen=True, slots=True)
class Declaration:
    """What is known before any layer is read: what the image declares, and what was asked.

    Attributes:
        image: what the image says of itself.
        app_image_config: the decoded JSON that the image is to be registered with, if it is given.
        size_limit: how large the image may be; in bytes.
        driver_version: the NVIDIA driver of the host, digits and dots, if it is known.
    """

    image: Image
    _: KW_ONLY
    app_image_config: AppImageConfig | None = None
    size_limit: int = SIZE_LIMIT
    driver_version: str | None = None

    @property
    def environment(self) -> Mapping[str, str]:
        """The variables of the image's configuration."""
        return self.image.config.config.environment

    def with_layers(self, filesystem: Filesystem, facts: Facts) -> Subject:
        """Return the subject that it becomes with what its layers make."""
        return Subject(
            self.image,
            filesystem,
            facts,
            app_image_config=self.app_image_config,
            size_limit=self.size_limit,
            driver_version=self.driver_version,
        )


@dataclass(frozen=True, slots=True)
class Subject(Declaration):
    """What rules look at.

    Attributes:
        filesystem: the image's merged root file system.
        facts: what was made of the image and its file system.
    """

    filesystem: Filesystem
    facts: Facts

    @property
    def declaration(self) -> Declaration:
        """What was known of it before its layers were read."""
        return Declaration(
            self.image,
            app_image_config=self.app_image_config,
            size_limit=self.size_limit,
            driver_version=self.driver_version,
        )


Kind: TypeAlias = Literal["finding", "undecided"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One violation, or what keeps the rule from deciding whether there is one.

    A rule that cannot tell yields a finding of the kind ``undecided``: its message says what is not known, its hint
    what would settle it. It never counts as passed. A rule that comes upon something unreadable need not do so itself:
    an `ocianalyze.errors.UndecidedError` that it lets pass becomes such a finding, with the rule's severity.

    Attributes:
        message: what is wrong, or not known; lower case, names things.
        path: the absolute path that it is about, if any.
        layer: the position of the layer that is to blame, if any.
        hint: how to fix it, or what would settle it, in a sentence or two.
        severity: instead of the rule's, for all its profiles or for each that is named; one that is named with None is
            not concerned.
        data: for programs; the rule's page documents the keys.
        kind: ``finding``, or ``undecided``.
        culprit: the path that has to be changed, if other findings may follow from it: the directory that keeps the
            user out, the interpreter that is missing.
        because: the culprit of the findings that this one is a consequence of, if any.
        rule: the id of the rule, which the rule itself sets.
    """

    message: str
    path: str | None = None
    layer: int | None = None
    hint: str | None = None
    severity: Severity | Mapping[str, Severity | None] | None = None
    data: Mapping[str, Any] = field(default_factory=dict)
    kind: Kind = "finding"
    culprit: str | None = None
    because: str | None = None
    rule: str = ""

    @property
    def is_undecided(self) -> bool:
        """True if it says that the rule could not decide."""
        return self.kind == "undecided"

    @classmethod
    def at(
        cls,
        node: Node,
        message: str,
        *,
        hint: str | None = None,
        severity: Severity | Mapping[str, Severity | None] | None = None,
        data: Mapping[str, Any] | None = None,
        culprit: str | None = None,
    ) -> Finding:
        """Return a finding about `node` and the layer that wrote it."""
        return cls(
            message=message,
            path=node.path,
            layer=node.layer,
            hint=hint,
            severity=severity,
            data=data or {},
            culprit=culprit,
        )


Check: TypeAlias = "Callable[[Subject], Iterator[Finding]]"
Condition: TypeAlias = "Callable[[Subject], bool]"
EarlyCheck: TypeAlias = "Callable[[Declaration], Iterator[Finding]]"
EarlyCondition: TypeAlias = "Callable[[Declaration], bool]"


@dataclass(frozen=True, eq=False)
class Rule:
    """A rule; calling it yields its findings.

    Attributes:
        id: the stable id, such as ``KRN005``.
        name: what is violated, such as ``kernel-interpreter-missing``.
        severity: how bad a finding is, for each profile that the rule belongs to.
        check: the function.
        applies: whether there is anything to check.
        reads: the contents that it reads beyond those that facts are made of, as `Capture` patterns.
        page_url: where its page is, if another package brings it.
    """

    id: str
    name: str
    severity: Mapping[str, Severity]
    check: Check
    applies: Condition
    reads: tuple[str, ...] = ()
    page_url: str | None = None

    def __call__(self, subject: Subject) -> Iterator[Finding]:
        """Yield the findings in `subject`."""
        return (replace(finding, rule=self.id) for finding in self.check(subject))

    @property
    def module(self) -> str:
        """The name of the module that it is in."""
        return self.check.__module__

    @property
    def family(self) -> str:
        """The letters of its id."""
        return self.id.rstrip("0123456789")

    @property
    def package(self) -> str:
        """The name of the package that brings it."""
        return self.module.partition(".")[0]

    @property
    def url(self) -> str | None:
        """Where its page is, if that is known."""
        return f"{PAGES}{self.id}.md" if self.package == _OWN_PACKAGE else self.page_url

    @property
    def page(self) -> Page:
        """Its page, from the docstring of its file."""
        return parse_page(sys.modules[self.module].__doc__ or "")

    @property
    def summary(self) -> str:
        """The first sentence of its page."""
        return self.page.summary


@dataclass(frozen=True, eq=False)
class EarlyRule(Rule):
    """A rule that decides before any layer is read, from the manifest, the config and the AppImageConfig alone."""

    check: EarlyCheck
    applies: EarlyCondition

    def __call__(self, subject: Declaration) -> Iterator[Finding]:
        """Yield the findings in `subject`."""
        return (replace(finding, rule=self.id) for finding in self.check(subject))


@overload
def rule(
    *,
    id: str,
    severity: Mapping[str, Severity],
    before_layers: Literal[True],
    applies: EarlyCondition | None = None,
    url: str | None = None,
) -> Callable[[EarlyCheck], EarlyRule]: ...


@overload
def rule(
    *,
    id: str,
    severity: Mapping[str, Severity],
    applies: Condition | None = None,
    reads: tuple[str, ...] = (),
    url: str | None = None,
) -> Callable[[Check], Rule]: ...


def rule(
    *,
    id: str,  # noqa: A002 - what it is called
    severity: Mapping[str, Severity],
    applies: Any = None,
    reads: tuple[str, ...] = (),
    url: str | None = None,
    before_layers: bool = False,
) -> Callable[[Any], Rule]:
    """Make a rule of a function; its name becomes the rule's, in kebab case.

    `applies` tells whether there is anything to check; where it says no, the rule is counted as not applicable. With
    `before_layers` the rule is answered before any layer is read, and sees a `Declaration` only. Rules of other
    packages say with `reads` which contents they want (absolute paths; ``*`` stands for no ``/``, a leading ``**/`` for
    any directory), so that these are kept of an image that streams by, and with `url` where their page is.
    """
    make = EarlyRule if before_layers else Rule

    def decorate(check: Any) -> Rule:  # noqa: ANN401 - what the overloads say
        name = check.__name__.replace("_", "-")
        return make(id, name, MappingProxyType(dict(severity)), check, applies or _always, reads, url)

    return decorate


def _always(_subject: Declaration) -> bool:
    return True
