"""Which requests go through a proxy, and through which: what the usual variables and the settings say."""

import pytest

from ocianalyze.errors import RegistryError
from ocianalyze.sources.registry.connections.proxies import proxy_address, proxy_for

PROXY = "http://proxy.example.com:3128"


@pytest.mark.parametrize(
    ("environment", "url", "expected"),
    [
        ({}, "https://a.example.com/", None),
        ({"HTTPS_PROXY": PROXY}, "https://a.example.com/", PROXY),
        ({"https_proxy": PROXY, "HTTPS_PROXY": "http://other"}, "https://a.example.com/", PROXY),
        ({"HTTPS_PROXY": PROXY}, "http://a.example.com/", None),
        ({"HTTP_PROXY": PROXY}, "http://a.example.com/", PROXY),
        ({"ALL_PROXY": PROXY}, "https://a.example.com/", PROXY),
        ({"HTTPS_PROXY": "proxy.example.com:3128"}, "https://a.example.com/", PROXY),
        ({"ALL_PROXY": "SOCKS5h://p:1080"}, "https://a.example.com/", "socks5h://p:1080"),
        ({"ALL_PROXY": "http://other", "HTTPS_PROXY": PROXY}, "https://a.example.com/", PROXY),
        ({"ALL_PROXY": PROXY}, "https://localhost:5000/", None),
        ({"ALL_PROXY": PROXY}, "https://127.1.2.3/", None),
        ({"ALL_PROXY": PROXY}, "https://[::1]:5000/", None),
        ({"ALL_PROXY": PROXY}, "https://localhost.example.com/", PROXY),
        ({"ALL_PROXY": PROXY}, "https://10.0.0.1/", PROXY),
        ({"http_proxy": PROXY, "REQUEST_METHOD": "GET"}, "http://a.example.com/", PROXY),
    ],
)
def test_which_variable_counts(environment: dict[str, str], url: str, expected: str | None) -> None:
    assert proxy_for(url, environment) == expected


@pytest.mark.parametrize(
    ("exempt", "host", "is_exempt"),
    [
        ("*", "a.example.com", True),
        ("example.com", "a.example.com", True),
        ("example.com", "example.com", True),
        (".example.com", "a.example.com", True),
        (".example.com", "example.com", False),
        ("*.example.com", "a.example.com", True),
        ("ample.com", "example.com", False),
        ("b.org, Example.COM", "a.example.com:5000", True),
        ("example.com:5000", "a.example.com:5000", True),
        ("example.com:5000", "a.example.com", False),
        ("example.com:443", "a.example.com", True),
        ("example.com", "a.example.com.", True),
        ("10.0.0.0/8", "10.1.2.3:5000", True),
        ("10.0.0.0/8", "11.1.2.3", False),
        ("10.1.2.3", "10.1.2.3", True),
        ("10.1.2.3", "10.1.2.30", False),
        ("2001:db8::1", "[2001:db8::1]:5000", True),
        ("[2001:db8::1]:5000", "[2001:db8::1]:5000", True),
        ("fe80::/10", "[fe80::1]", True),
        ("10.0.0.0/99,x/8", "10.1.2.3", False),
        (",", "a.example.com", False),
    ],
)
def test_who_is_exempt(exempt: str, host: str, is_exempt: bool) -> None:  # noqa: FBT001
    environment = {"HTTPS_PROXY": PROXY, "NO_PROXY": exempt}
    assert proxy_for(f"https://{host}/v2/", environment) == (None if is_exempt else PROXY)


@pytest.mark.parametrize("proxy", ["ftp://proxy.example.com", "socks://proxy.example.com", "socks6://proxy"])
def test_kinds_that_are_not_supported(proxy: str) -> None:
    with pytest.raises(RegistryError, match=r"type '(ftp|socks|socks6)'") as error:
        proxy_for("https://a.example.com/", {"ALL_PROXY": proxy.replace("//", "//user:canary@")})
    assert "canary" not in error.value.one_line()


@pytest.mark.parametrize(
    "proxy", ["http://", "http://u:canary@", "http://h:port", "http://h:99999", "http://[::1", "a b"]
)
def test_what_is_no_url(proxy: str) -> None:
    with pytest.raises(RegistryError, match="HTTPS_PROXY is not the URL of a proxy") as error:
        proxy_for("https://a.example.com/", {"HTTPS_PROXY": proxy})
    assert "canary" not in error.value.one_line()


def test_a_client_of_a_cgi_program_sets_no_proxy() -> None:
    with pytest.raises(RegistryError, match="CGI"):
        proxy_for("http://a.example.com/", {"HTTP_PROXY": PROXY, "REQUEST_METHOD": "GET"})


def test_what_settings_name_goes_before_the_variables() -> None:
    environment = {"HTTPS_PROXY": PROXY}
    assert proxy_for("https://127.0.0.1/", environment, "other:1") == "http://other:1"
    assert proxy_for("https://a.example.com/", environment, "") is None
    assert proxy_for("https://a.example.com/", environment, "", is_own=False) is None


def test_the_proxy_of_a_registry_is_for_what_it_leads_to_as_well() -> None:
    environment = {"HTTPS_PROXY": PROXY, "NO_PROXY": ".inside.example.com"}
    for host, proxy in (("cdn.example.com", "http://other:1"), ("s3.inside.example.com", None), ("127.0.0.1", None)):
        assert proxy_for(f"https://{host}/", environment, "other:1", is_own=False) == proxy


@pytest.mark.parametrize(
    ("proxy", "address"),
    [
        ("http://us:canary@proxy:3128", "proxy:3128"),
        ("https://proxy", "proxy:443"),
        ("socks5h://u:canary@[2001:db8::1]", "[2001:db8::1]:1080"),
    ],
)
def test_how_a_proxy_is_shown(proxy: str, address: str) -> None:
    assert proxy_address(proxy) == address
