"""`crisiswatch doctor --online` for the receivers that are sent plain requests: each is greeted, nothing is sent."""

from __future__ import annotations

import ssl
from pathlib import Path

import httpx

from crisiswatch.config import AlertmanagerOptions, AppriseOptions, PagerDutyOptions, WebhookReceiverOptions
from crisiswatch.config.secrets import Secret
from crisiswatch.errors import ConfigError
from crisiswatch.notifiers.http import host_of
from crisiswatch.posting import PostingOptions

__all__ = ["greet"]


def greet(options: PostingOptions) -> tuple[str, str]:
    """State and detail. Only an Alertmanager can be asked whether it would take an alert."""
    try:
        match options:
            case AlertmanagerOptions():
                return _alertmanagers(options)
            case WebhookReceiverOptions():
                options.secret.reveal()
                url = options.url.reveal() if isinstance(options.url, Secret) else options.url
                status = _ask("HEAD", url, options.cafile, options.timeout.total_seconds()).status_code
                answer = f"{host_of(url)} answers ({status}); whether it takes messages shows with the first one"
                return ("warn" if status >= 500 else "ok"), answer
            case PagerDutyOptions():
                options.routing_key.reveal()
                _ask("HEAD", options.base_url, None, options.timeout.total_seconds())
                return "ok", f"{host_of(options.base_url)} answers; whether the key is good shows with the first alert"
            case AppriseOptions():
                return _apprise(options)
    except ConfigError as error:
        return "bad", str(error)
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
        return "bad", f"can't be reached: {type(error).__name__}"


def _alertmanagers(options: AlertmanagerOptions) -> tuple[str, str]:
    password, token = options.password, options.token
    auth = None if options.username is None or password is None else (options.username, password.reveal())
    headers = {} if token is None else {"Authorization": f"Bearer {token.reveal()}"}
    said, good = [], 0
    for url in options.urls:
        address = url.rstrip("/") + "/api/v2/status"
        try:
            answer = _ask("GET", address, options.cafile, options.timeout.total_seconds(), auth=auth, headers=headers)
        except httpx.HTTPError as error:
            said.append(f"{host_of(url)} can't be reached: {type(error).__name__}")
            continue
        found = _version(answer)
        good += found is not None
        what = f"is {found}" if found else f"answered {answer.status_code}: no Alertmanager"
        said.append(f"{host_of(url)} {what}")
    state = "ok" if good == len(options.urls) else "warn" if good else "bad"
    return state, "; ".join(said)


def _version(answer: httpx.Response) -> str | None:
    """``Alertmanager 0.25.0`` where that is what answered."""
    try:
        body = answer.json() if answer.status_code == 200 else None
    except ValueError:
        return None
    if not isinstance(body, dict) or not isinstance(body.get("versionInfo"), dict):
        return None
    return f"Alertmanager {body['versionInfo'].get('version', '')}".strip()


def _apprise(options: AppriseOptions) -> tuple[str, str]:
    from crisiswatch.notifiers.apprise import service_of

    name = service_of(options.url.reveal())
    if name is None:
        return "bad", "apprise knows no service for the address"
    return "ok", f"the address is one of {name}; whether it is right shows with the first message"


def _ask(
    method: str,
    url: str,
    cafile: Path | None,
    timeout: float,
    *,
    auth: tuple[str, str] | None = None,
    headers: dict[str, str] | None = None,
) -> httpx.Response:
    verify: ssl.SSLContext | bool = True
    if cafile is not None:
        verify = ssl.create_default_context()
        verify.load_verify_locations(cafile=str(cafile))
    with httpx.Client(timeout=timeout, verify=verify) as client:
        return client.request(method, url, auth=auth, headers=headers)
