"""Which HTTP proxy stands between this machine and Telegram."""

from __future__ import annotations

from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from engine.errors import BadSetting


def proxy_for(url: str, setting: str | None) -> str | None:
    """The proxy to use for a URL: the setting, else what the environment says (``HTTPS_PROXY``, ``NO_PROXY``).

    :raises BadSetting: it is not an HTTP proxy (SOCKS is not supported).
    """
    proxy = setting or _proxy_of_environment(url)
    if proxy and urlsplit(proxy).scheme not in ("http", "https"):
        raise BadSetting("Máy chủ trung gian (proxy) cho Telegram phải là loại HTTP: http://máy-chủ:cổng.")
    return proxy


def _proxy_of_environment(url: str) -> str | None:
    place = urlsplit(url)
    proxy = getproxies().get(place.scheme)
    return None if not proxy or proxy_bypass(place.hostname or "") else proxy
