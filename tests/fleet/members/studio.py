"""A SageMaker of our own for what moto has none of: user profiles, spaces, image versions and AppImageConfigs.

Domains are moto's.
"""

from dataclasses import dataclass, field
from typing import Any

from tests.fleet.members.aws_server import ACCOUNT, REGION, AwsServer, Refusal, pages

ARN = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}"
AWS_OWN = f"arn:aws:sagemaker:{REGION}:819792524951"
"""How the ARNs of images begin that AWS provides."""
REGISTRY = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com"
_TIME = 1_700_000_000


@dataclass(slots=True)
class Studio:
    """What there is; `page` is how much is listed at once."""

    aws: AwsServer
    page: int = 100
    users: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    spaces: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    versions: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    configs: dict[str, dict[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.aws.own |= {
            "ListUserProfiles": lambda request: self._list("UserProfile", self.users, request),
            "DescribeUserProfile": lambda request: self._describe("UserProfile", self.users, request),
            "ListSpaces": lambda request: self._list("Space", self.spaces, request),
            "DescribeSpace": lambda request: self._describe("Space", self.spaces, request),
            "DescribeImageVersion": self._version,
            "DescribeAppImageConfig": self._config,
        }

    def domain(self, name: str = "team", **settings: object) -> str:
        """Create a domain in moto, and return its ID."""
        parameters = {"DefaultUserSettings": {}, "AuthMode": "IAM", "SubnetIds": ["subnet-1"], "VpcId": "vpc-1"}
        answer = self.aws.client("sagemaker").create_domain(DomainName=name, **(parameters | settings))
        found: str = answer["DomainArn"].rpartition("/")[2]
        return found

    def user(self, domain: str, name: str, **settings: object) -> None:
        """Create a user profile."""
        self.users[domain, name] = {"UserSettings": settings}

    def space(self, domain: str, name: str, *, owner: str | None = None, **settings: object) -> None:
        """Create a space: a private one if it has an owner."""
        kind = "Shared" if owner is None else "Private"
        owned = {} if owner is None else {"OwnershipSettings": {"OwnerUserProfileName": owner}}
        self.spaces[domain, name] = {"SpaceSettings": settings, "SpaceSharingSettings": {"SharingType": kind}, **owned}

    def image(self, name: str, **changes: object) -> str:
        """Create the next version of an image, and return its container image."""
        number = len(self.versions.setdefault(name, [])) + 1
        base = f"{REGISTRY}/{name}:{number}"
        container = f"{REGISTRY}/{name}@sha256:{number:064x}"
        self.versions[name].append(
            {
                "BaseImage": base,
                "ContainerImage": container,
                "ImageArn": f"{ARN}:image/{name}",
                "ImageVersionArn": f"{ARN}:image-version/{name}/{number}",
                "ImageVersionStatus": "CREATED",
                "CreationTime": _TIME,
                "LastModifiedTime": _TIME,
                "Version": number,
                **changes,
            }
        )
        return container

    def config(self, name: str, **parts: object) -> dict[str, Any]:
        """Create an AppImageConfig, and return it as it was created."""
        created = {"AppImageConfigName": name, **parts}
        arn = f"{ARN}:app-image-config/{name}"
        self.configs[name] = created | {"AppImageConfigArn": arn, "CreationTime": _TIME, "LastModifiedTime": _TIME}
        return created

    def _list(
        self, kind: str, known: dict[tuple[str, str], Any], request: dict[str, Any]
    ) -> dict[str, Any] | Refusal | None:
        domain = request["DomainIdEquals"]
        items = [{"DomainId": domain, f"{kind}Name": name} for owner, name in known if owner == domain]
        return pages(f"{kind}s", items, self.page)(request)

    def _describe(
        self, kind: str, known: dict[tuple[str, str], dict[str, Any]], request: dict[str, Any]
    ) -> dict[str, Any] | Refusal:
        domain, name = request["DomainId"], request[f"{kind}Name"]
        found = known.get((domain, name))
        if found is None:
            return Refusal("ResourceNotFound", f"{kind} {name} does not exist")
        return {"DomainId": domain, f"{kind}Name": name, "Status": "InService", "CreationTime": _TIME, **found}

    def _version(self, request: dict[str, Any]) -> dict[str, Any] | Refusal:
        name = request["ImageName"]
        versions = [version for version in self.versions.get(name, ()) if version]
        if "Version" in request:
            versions = [version for version in versions if version["Version"] == request["Version"]]
        if "Alias" in request:
            versions = [version for version in versions if version["ReleaseNotes"] == request["Alias"]]
        return versions[-1] if versions else Refusal("ResourceNotFound", f"No ImageVersion of {name} exists.")

    def _config(self, request: dict[str, Any]) -> dict[str, Any] | Refusal:
        name = request["AppImageConfigName"]
        return self.configs.get(name) or Refusal("ResourceNotFound", f"App Image Config {name} does not exist")


def attached(image: str, config: str, number: int | None = None) -> dict[str, Any]:
    """Return an item of CustomImages."""
    return {"ImageName": image, "AppImageConfigName": config} | (
        {} if number is None else {"ImageVersionNumber": number}
    )
