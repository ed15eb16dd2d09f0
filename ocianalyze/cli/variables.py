"""The variables of the environment that are read."""

from __future__ import annotations

from ocianalyze.cli import caching, extras, limits, options, registries


def variables() -> set[str]:
    """Return their names: those of options that commands share, and a few that are no option."""
    aliases = (alias for module in (caching, extras, limits, options, registries) for alias in vars(module).values())
    given = (option for alias in aliases for option in getattr(alias, "__metadata__", ()))
    named = {str(option.envvar) for option in given if getattr(option, "envvar", None)}
    return {"OCIANALYZE_DEBUG", "OCIANALYZE_PURE_PYTHON", *registries.VARIABLES, *named}


def option_without_variable(name: str) -> str | None:
    """Return the option of registries that a variable may be meant for, which has none; None if it is none."""
    option = name.lower().replace("_", "-")
    has_one = option in {variable.partition("_")[2].lower().replace("_", "-") for variable in variables()}
    is_one = option.replace("-", "_") in registries.RegistryOptions._fields
    return f"--{option}" if is_one and not has_one else None
