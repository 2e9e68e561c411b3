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
    if proxy and not _is_http(proxy):
        source = "NHACVIEC_TELEGRAM_PROXY" if setting else "Biến môi trường HTTPS_PROXY"
        raise BadSetting(f"{source}: máy chủ trung gian (proxy) cho Telegram phải có dạng http://máy-chủ:cổng.")
    return proxy


def _is_http(proxy: str) -> bool:
    try:
        place = urlsplit(proxy)
        return place.scheme in ("http", "https") and bool(place.hostname) and place.port != 0
    except ValueError:  # no address at all, or a port that is no number
        return False


def _proxy_of_environment(url: str) -> str | None:
    place = urlsplit(url)
    proxy = getproxies().get(place.scheme)
    return None if not proxy or proxy_bypass(place.hostname or "") else proxy
