"""What can be set, and the valid values."""

# Annotations are not postponed: pydantic would have to compile each of them from text at every start.

from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, PrivateAttr

from ocianalyze.errors import UsageError, suggest
from ocianalyze.layers.metering.limits import MEANINGS, REPLACED
from ocianalyze.reports.pages import check_base
from ocianalyze.rules.policy import Policy, check_driver_version
from ocianalyze.rules.profiles import choose_profiles
from ocianalyze.rules.registry import all_rules
from ocianalyze.rules.rule import Severity
from ocianalyze.rules.selection import exact_rule, matching_rules
from ocianalyze.rules.waivers import Waiver
from ocianalyze.settings.registries import Registries, merged
from ocianalyze.settings.table import File, Several, Table, checked
from ocianalyze.settings.values import parse_jobs, parse_size_limit
from ocianalyze.sources.registry.access import HostSettings
from ocianalyze.units import parse_size


def _profile(value: str) -> str:
    choose_profiles([value])
    return value


def _rules(value: str) -> str:
    return value if matching_rules(all_rules(), value) else ""


def _rule(value: str) -> str:
    return exact_rule(all_rules(), value).id


def _limit(value: str) -> str:
    name = value.replace("-", "_")
    if (name not in MEANINGS and name not in REPLACED) or "_" in value:
        raise UsageError("unknown limit", hint=suggest(value, [known.replace("_", "-") for known in MEANINGS]))
    return name


def _reason(value: str) -> str:
    if not value.strip():
        raise ValueError("must not be empty")
    return value


def _pattern(value: str) -> str:
    if not value.startswith(("/", "**/")):
        raise ValueError("must be an absolute path or begin with '**/'")
    return value


def _not_empty(value: list[str]) -> list[str]:
    if not value:
        raise ValueError("must not be empty")
    return value


def _written(parse: Callable[[str], int], *kinds: type) -> BeforeValidator:
    """Return a validator for values of some types, which are parsed as they would be written in an option."""
    return BeforeValidator(lambda value: parse(str(value)) if type(value) in kinds else value)


_Size = Annotated[int, _written(parse_size, str, int, float)]
_SizeLimit = Annotated[int, _written(parse_size_limit, str, int, float)]
_Jobs = Annotated[int, _written(parse_jobs, int)]
_Rule = Annotated[str, checked(_rule)]
_Severity = Annotated[Severity, Field(strict=False)]


_FILES = ("app_image_config", "dockerfile", "baseline")
"""Which settings name files, relative to that of the settings."""


class Waive(Table):
    """A waiver in the file; see `ocianalyze.rules.waivers.Waiver`."""

    rule: _Rule
    reason: Annotated[str, AfterValidator(_reason)]
    path: Annotated[str, AfterValidator(_pattern)] | None = None
    expires: date | None = None


class Settings(Table):
    """The settings of a file; None or empty for what it does not set.

    Attributes:
        profile: the profiles that decide.
        platform: the platform to choose from a multi-platform image.
        select: run only these rules; ids, names or prefixes.
        ignore: skip these rules.
        fail_on: the lowest severity that makes a scan fail.
        severity: overrides the severity of findings, by the ids of the rules.
        limits: resource limits, by their names in `Limits` and by their former names.
        size_limit: the maximum size of the image, in bytes.
        driver_version: the version of the host's NVIDIA driver.
        app_image_config: the file with the AppImageConfig; relative to the settings file, as the next two.
        dockerfile: the Dockerfile of the image.
        baseline: the earlier report that findings are compared with.
        docs_url: where the pages of rules are published.
        format: the format of the report.
        color: whether the table has colors.
        verify: whether everything is read and hashed.
        jobs: the number of layers to read in parallel.
        waive: the waivers.
        registry: how registries are reached, by their names.
    """

    profile: Annotated[Several[Annotated[str, checked(_profile)]], AfterValidator(_not_empty)] = []
    platform: str | None = None
    select: Several[Annotated[str, checked(_rules)]] = []
    ignore: Several[Annotated[str, checked(_rules)]] = []
    fail_on: Literal["error", "warning", "note", "never"] | None = Field(None, alias="fail-on")
    severity: dict[_Rule, _Severity] = {}
    limits: dict[Annotated[str, checked(_limit)], _Size] = {}
    size_limit: _SizeLimit | None = Field(None, alias="size-limit")
    driver_version: Annotated[str, checked(check_driver_version)] | None = Field(None, alias="driver-version")
    app_image_config: File | None = Field(None, alias="app-image-config")
    dockerfile: File | None = None
    baseline: File | None = None
    docs_url: Annotated[str, checked(check_base)] | None = Field(None, alias="docs-url")
    format: Several[
        Literal["table", "line", "json", "sarif", "junit", "gitlab-codequality", "github", "markdown", "html"]
    ] = []
    color: Literal["auto", "always", "never"] | None = None
    verify: bool | None = None
    jobs: _Jobs | None = None
    waive: list[Waive] = []
    registry: Registries = {}
    _file: Path | None = PrivateAttr(None)
    _users: Mapping[str, HostSettings] = PrivateAttr({})

    @classmethod
    def from_table(cls, table: Mapping[str, Any], path: Path) -> Self:
        """Return the settings in a table of the file `path`; raises `pydantic.ValidationError`."""
        settings = cls.model_validate(table)
        given = ((name, getattr(settings, name)) for name in _FILES)
        beside = {name: path.parent / file for name, file in given if file is not None}
        settings = settings.model_copy(update=beside)
        settings._file = path  # noqa: SLF001 - its own
        return settings

    @property
    def file(self) -> Path | None:
        """The file that the settings were read from."""
        return self._file

    @property
    def registries(self) -> Mapping[str, HostSettings]:
        """How registries are reached, by their names."""
        directory = self.file.parent if self.file else Path()
        stated = {host: table.settings(directory) for host, table in self.registry.items()}
        return merged(stated, self._users)

    def beside(self, users: Self) -> Self:
        """Return these settings, and what the user's own file says of registries where these say nothing."""
        settings = self.model_copy()
        settings._file, settings._users = self._file, users.registries  # noqa: SLF001 - its own
        return settings

    @property
    def policy(self) -> Policy:
        """The policy in these settings, without the AppImageConfig, which is read later."""
        default = Policy()
        return Policy(
            profiles=self.profile,
            select=self.select,
            ignore=self.ignore,
            severity=self.severity,
            waivers=self.waivers,
            size_limit=default.size_limit if self.size_limit is None else self.size_limit,
            driver_version=self.driver_version,
            fail_on=self.fail_on or default.fail_on,
        )

    @property
    def waivers(self) -> tuple[Waiver, ...]:
        """The waivers, each with its place in the file."""
        name = self.file.name if self.file else "settings"
        return tuple(
            Waiver(**dict(item), origin=f"{name}: waiver {position}") for position, item in enumerate(self.waive, 1)
        )
