"""Options that several commands share, and that reach them as something else than they were given."""

from __future__ import annotations

import inspect
from functools import wraps
from typing import TYPE_CHECKING, Any, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

Options: TypeAlias = "Mapping[str, tuple[Any, Any]]"
"""The annotation and the default of each option, by the name of its parameter; what has no default goes first."""
Make: TypeAlias = "Callable[[Mapping[str, Any], Mapping[str, Any]], Mapping[str, Any]]"
"""Makes the keywords that a command gets, of the values of the options and of the command's own arguments."""

_MADE: Final = ("Settings", "Source")
"""The types of such keywords; they are not imported to print a help page."""


def extend(
    command: Callable[..., None], options: Options, make: Make, *, into: Collection[str], of: Collection[str] = ()
) -> Callable[..., None]:
    """Return `command` with more options, of which `make` makes the keywords `into` that it takes.

    `of` are keywords that others make and that `make` is given too, instead of the command.
    """

    @wraps(command)
    def call(**arguments: Any) -> None:  # noqa: ANN401 - whatever it takes
        given = {name: arguments.pop(name) for name in (*options, *of)}
        command(**make(given, arguments), **arguments)

    signature = inspect.signature(command, eval_str=True, locals=dict.fromkeys(_MADE, object))
    own = [parameter for name, parameter in signature.parameters.items() if name not in into]
    added = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)
        for name, (annotation, default) in options.items()
    ]
    first = [parameter for parameter in added if parameter.default is inspect.Parameter.empty]
    parameters = [*first, *own, *[parameter for parameter in added if parameter not in first]]
    call.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    call.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return call
