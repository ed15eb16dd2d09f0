"""What a rule is: a pure function of the subject that yields findings; it does no I/O and gives no verdict.

Each rule has its own file. The docstring of the file is the rule's page, and the function has the rule's name::

    @rule(id="USR003", severity={CLASSIC: Severity.ERROR})
    def user_unresolvable(subject: Subject) -> Iterator[Finding]:
        ...

A rule that needs only the manifest, the config and the AppImageConfig states this, and runs before any layer is read.
The type checker ensures that it accesses no files::

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
"""The directory of the rule pages, relative to the project, which has no public URL yet."""

PATH: Final = "path"
"""What stands for the path of a finding in `Rule.identity`."""

FROM: Final = "FROM"
"""The instruction that states what no other one does: the base image."""

_OWN_PACKAGE: Final = __name__.partition(".")[0]

SIZE_LIMIT: Final = 35_000_000_000
"""The maximum size of an image, in bytes (AWS writes "35 GB")."""


class Severity(StrEnum):
    """The severity of a finding; the levels of SARIF."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"

    @property
    def rank(self) -> int:
        """0 for the most severe."""
        return list(Severity).index(self)


@dataclass(frozen=True, slots=True)
class Declaration:
    """What is known before any layer is read: the image's metadata, and the options of the scan.

    Attributes:
        image: the manifest and the configuration of the image.
        app_image_config: the AppImageConfig that the image is registered with, as decoded JSON, if given.
        size_limit: the maximum size of the image, in bytes.
        driver_version: the NVIDIA driver of the host, in digits and dots, if known.
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
        """Return the subject with the file system and the facts from its layers."""
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
    """What rules check.

    Attributes:
        filesystem: the image's merged root file system.
        facts: facts derived from the image and its file system.
    """

    filesystem: Filesystem
    facts: Facts

    @property
    def declaration(self) -> Declaration:
        """The part that was known before its layers were read."""
        return Declaration(
            self.image,
            app_image_config=self.app_image_config,
            size_limit=self.size_limit,
            driver_version=self.driver_version,
        )


Kind: TypeAlias = Literal["finding", "undecided"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One problem, or the reason why a rule cannot decide whether there is one.

    A rule that cannot decide yields a finding of the kind ``undecided``: its message states what is unknown, and its
    hint how to find out. It never counts as passed. A rule need not handle unreadable files: an
    `ocianalyze.errors.UndecidedError` that it does not catch becomes such a finding, with the rule's severity.

    Attributes:
        message: what is wrong, or unknown, and where; one line that begins in lower case.
        path: the absolute path that it is about, if any.
        layer: the position of the layer that caused it, if any.
        hint: how to fix it, or how to find out; one line that begins with a verb.
        severity: overrides the rule's severity, for all its profiles or for each one in the mapping; None excludes a
            profile.
        data: for programs; the rule's page documents the keys.
        kind: ``finding`` or ``undecided``.
        culprit: the path to fix, if it may cause other findings, such as a directory that the user cannot enter or a
            missing interpreter.
        because: the culprit of the finding that this one is a consequence of, if any. It causes nothing itself, unless
            it states the same culprit and no other finding does.
        rule: the id of the rule; set by the rule itself.
        stated_in: as `Rule.stated_in`, if it differs for this finding.
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
    stated_in: tuple[str, ...] | None = None

    @property
    def is_undecided(self) -> bool:
        """True if the rule could not decide."""
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
        name: the problem that it finds, such as ``kernel-interpreter-missing``.
        severity: the severity of its findings, for each profile that the rule belongs to.
        check: the function.
        applies: whether there is anything to check.
        reads: the contents that it reads in addition to those that facts read, as `Capture` patterns.
        page_url: the URL of its page, for a rule of another package.
        stated_in: the instructions of a Dockerfile of which the last one states what a finding is about if no layer is
            to blame, such as ``USER`` or ``ENV NAME``; none for what no Dockerfile states.
        identity: what tells its findings apart (`ocianalyze.rules.fingerprints`): ``path``, and keys of `Finding.data`.
    """

    id: str
    name: str
    severity: Mapping[str, Severity]
    check: Check
    applies: Condition
    reads: tuple[str, ...] = ()
    page_url: str | None = None
    identity: tuple[str, ...] = (PATH,)
    stated_in: tuple[str, ...] = (FROM,)

    def __call__(self, subject: Subject) -> Iterator[Finding]:
        """Yield the findings in `subject`."""
        return (replace(finding, rule=self.id) for finding in self.check(subject))

    @property
    def module(self) -> str:
        """The name of its module."""
        return self.check.__module__

    @property
    def family(self) -> str:
        """The letters of its id."""
        return self.id.rstrip("0123456789")

    @property
    def package(self) -> str:
        """The name of the package that provides it."""
        return self.module.partition(".")[0]

    @property
    def url(self) -> str | None:
        """The URL of its page, if known."""
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
    identity: tuple[str, ...] = (PATH,),
    stated_in: tuple[str, ...] = (FROM,),
) -> Callable[[EarlyCheck], EarlyRule]: ...


@overload
def rule(
    *,
    id: str,
    severity: Mapping[str, Severity],
    applies: Condition | None = None,
    reads: tuple[str, ...] = (),
    url: str | None = None,
    identity: tuple[str, ...] = (PATH,),
    stated_in: tuple[str, ...] = (FROM,),
) -> Callable[[Check], Rule]: ...


def rule(
    *,
    id: str,  # noqa: A002 - what it is called
    severity: Mapping[str, Severity],
    applies: Any = None,
    reads: tuple[str, ...] = (),
    url: str | None = None,
    identity: tuple[str, ...] = (PATH,),
    stated_in: tuple[str, ...] = (FROM,),
    before_layers: bool = False,
) -> Callable[[Any], Rule]:
    """Turn a function into a rule; the function's name becomes the rule's name, in kebab case.

    `applies` returns whether there is anything to check; if not, the rule is reported as not applicable. With
    `before_layers`, the rule runs before any layer is read, and gets only a `Declaration`. Rules of other packages
    state in `reads` which contents they need, so that these are kept while an image is streamed: absolute paths, in
    which ``*`` matches everything but ``/``, and a leading ``**/`` any directory. `url` is the URL of their page.

    `identity` names what tells findings apart, so that one is recognised in a later build of the image: ``path``,
    unless that is only the first of several paths, and keys of `Finding.data`. It contains nothing that changes while
    the problem stays the same: no messages, sizes, counts, layers or digests.

    `stated_in` names the instructions of a Dockerfile that state what the rule is about, for findings without a layer.
    """
    make = EarlyRule if before_layers else Rule

    def decorate(check: Any) -> Rule:  # noqa: ANN401 - what the overloads say
        name = check.__name__.replace("_", "-")
        return make(
            id, name, MappingProxyType(dict(severity)), check, applies or _always, reads, url, identity, stated_in
        )

    return decorate


def _always(_subject: Declaration) -> bool:
    return True
