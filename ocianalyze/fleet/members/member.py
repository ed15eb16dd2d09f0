"""One member of a fleet: an image, and what it is registered with."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from ocianalyze.errors import OcianalyzeError
    from ocianalyze.facts.registration import AppImageConfig


class Member(NamedTuple):
    """An image of a fleet; the same image registered in two ways is two members.

    Attributes:
        reference: the image, as `ocianalyze scan` takes it.
        name: which image of a file it is, as ``--image`` takes it; None if the file has one.
        title: what people call it, if that is not its reference, such as an image version of SageMaker.
        app_image_config: the AppImageConfig that it is registered with, as decoded JSON; None if none is known.
        profile: the profile that it is to be judged for; None to find that out.
        users: who uses it, each as a short text, such as ``domain d-abc, space team``.
        error: why it is not known which images are meant by `reference`.
    """

    reference: str
    name: str | None = None
    title: str | None = None
    app_image_config: AppImageConfig | None = None
    profile: str | None = None
    users: tuple[str, ...] = ()
    error: OcianalyzeError | None = None

    @property
    def identity(self) -> tuple[object, ...]:
        """What two members have in common that are the same image registered in the same way."""
        return self.reference, self.name, self.title, self.profile, repr(self.app_image_config)
