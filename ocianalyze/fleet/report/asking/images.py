"""The images of a run, each with what came of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ocianalyze.fleet.report.asking.stored import stored_json, stored_texts
from ocianalyze.fleet.report.document import ImageError, ImageFacts

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping

    from ocianalyze.fleet.report.asking.bases import Bases

_SAME: Final = (
    *("reference", "name", "title", "digest", "config_digest", "platform", "source", "verdict", "exit_code"),
    *("errors", "warnings", "notes", "undecided", "waived", "size", "compressed_size", "minimum_driver", "seconds"),
)
"""Columns that an image has as they are."""
_OTHERS: Final = ("id", "app_image_config", "profile", "users", "error_code", "error_message", "error_hint")
_IMAGES: Final = f"SELECT {', '.join((*_OTHERS, *_SAME))} FROM images WHERE run = ? ORDER BY position"  # noqa: S608
_PROFILES: Final = """
    SELECT p.image, p.profile FROM profiles p JOIN images i ON i.id = p.image WHERE i.run = ? AND p.selected
    ORDER BY p.image, p.profile
"""
_RULES: Final = """
    SELECT image, rule, max(kind = 'finding' AND rank = 0), max(kind = 'finding' AND rank = 1), max(kind = 'undecided')
    FROM counted GROUP BY image, rule ORDER BY image, rule
"""
_LISTS: Final = ("error_rules", "warning_rules", "undecided_rules")


def read_images(
    connection: sqlite3.Connection, run: int, bases: Bases, own_sizes: Mapping[int, int]
) -> list[ImageFacts]:
    """Return all images of a run; `own_sizes` are the bytes that each brings into the fleet, by its place."""
    profiles = _profiles(connection, run)
    rules = _rules(connection)
    images = []
    for row in connection.execute(_IMAGES, (run,)):
        id_, config, registered, users, code, message, hint, *same = row
        place = bases.places[id_]
        error = None if code is None else ImageError(code=code, message=message or "", hint=hint)
        images.append(
            ImageFacts(
                **dict(zip(_SAME, same, strict=True)),
                app_image_config=config_name(config),
                registered_for=registered,
                users=stored_texts(users),
                profiles=profiles.get(id_, []),
                error=error,
                layers=bases.depths[place],
                own_size=own_sizes.get(place, 0),
                base=bases.of_image(place),
                built_on_it=bases.followers[place],
                error_rules=rules["error_rules"].get(id_, []),
                warning_rules=rules["warning_rules"].get(id_, []),
                undecided_rules=rules["undecided_rules"].get(id_, []),
            )
        )
    return images


def config_name(config: str | None) -> str | None:
    """Return the name of an AppImageConfig: empty if it has none, None if there is none."""
    if config is None:
        return None
    value = stored_json(config)
    name = value.get("AppImageConfigName") if isinstance(value, dict) else None
    return name if isinstance(name, str) else ""


def _profiles(connection: sqlite3.Connection, run: int) -> dict[int, list[str]]:
    """Return the profiles that decide the verdict of each image, by its number."""
    found: dict[int, list[str]] = {}
    for image, profile in connection.execute(_PROFILES, (run,)):
        found.setdefault(image, []).append(profile)
    return found


def _rules(connection: sqlite3.Connection) -> dict[str, dict[int, list[str]]]:
    """Return the rules that found something in each image, by the list that they belong to and the image's number."""
    found: dict[str, dict[int, list[str]]] = {name: {} for name in _LISTS}
    once: dict[str, str] = {}
    for image, name, error, warning, undecided in connection.execute(_RULES):
        rule = once.setdefault(name, name)
        for list_, belongs in zip(_LISTS, (error, warning and not error, undecided), strict=True):
            if belongs:
                found[list_].setdefault(image, []).append(rule)
    return found
