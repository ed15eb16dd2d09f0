"""Options that commands have in common, declared once: each group is a tuple whose fields are its options."""

from __future__ import annotations

import inspect
from functools import wraps
from typing import TYPE_CHECKING, Any, get_type_hints

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def grouped(command: Callable[..., None]) -> Callable[..., None]:
    """Return a command that has an option for each field of its parameters that are groups, in their places.

    A group is a `NamedTuple` whose fields have options as annotations, and defaults.
    """
    signature = inspect.signature(command, eval_str=True)
    groups = {name: one.annotation for name, one in signature.parameters.items() if _is_group(one.annotation)}

    @wraps(command)
    def run(**given: Any) -> None:  # noqa: ANN401 - whatever the options are
        values = {name: group(**{field: given.pop(field) for field in group._fields}) for name, group in groups.items()}
        command(**given, **values)

    parameters = [option for one in signature.parameters.values() for option in _options(one)]
    run.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined] # what typer asks for
    run.__annotations__ = {one.name: one.annotation for one in parameters}
    return run


def _is_group(annotation: object) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, tuple) and hasattr(annotation, "_field_defaults")


def _options(one: inspect.Parameter) -> Iterator[inspect.Parameter]:
    """Yield a parameter, or those that a group stands for."""
    group = one.annotation
    if not _is_group(group):
        yield one
        return
    for name, option in get_type_hints(group, include_extras=True).items():
        yield one.replace(name=name, annotation=option, default=group._field_defaults[name])
