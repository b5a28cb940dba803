"""Logging in: an account at a site that hands out tokens for a password.

They are remembered between two runs: cron starts a process every few minutes, and a site that is logged into as often
locks the account.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeGuard
from urllib.parse import urlencode

from watcher.core.errors import SourceUnavailable
from watcher.core.secret import SecretReference
from watcher.net import Reply
from watcher.sources.pull.asking import ask, host_of, is_page, page_instead, read_json, refusal
from watcher.sources.pull.pull import Access
from watcher.sources.pull.tokens import Tokens, keep, kept

#: A token that ends so soon is not begun with.
_MARGIN = timedelta(minutes=5)
#: How long a token holds that does not say it, and the longest that is believed.
_HOLDS_S = 3_600
_LONGEST_S = 30 * 86_400
_OK = 200
_REFUSED = frozenset({400, 401, 403})
_MOVED = range(300, 400)
#: What the answer calls a mistake of ours, and not of whoever has the account.
_OURS = frozenset({"invalid_client", "invalid_scope", "unsupported_grant_type", "unauthorized_client"})
_HEADERS = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
_NEWER = "see whether a newer watcher knows it"


@dataclass(frozen=True, slots=True)
class Account:
    """Where to log in, and as whom."""

    url: str
    client: str
    scope: str
    user: SecretReference
    password: SecretReference


class Login:
    """An account, logged into when there is need."""

    def __init__(self, access: Access, account: Account) -> None:
        self._access = access
        self._account = account
        self._user = access.secret(account.user).get_secret_value()
        # Tokens of another account, or of another site, are not used.
        mark = f"{account.url} {self._user}".encode()
        self._mark = hashlib.blake2b(mark, digest_size=16).hexdigest()
        self._tokens = kept(access.tokens, self._mark)
        self._is_new = False

    def token(self) -> str:
        """A token that holds.

        :raises SourceUnavailable: when none can be had.
        """
        if self._tokens.until <= (self._access.now() + _MARGIN).timestamp():
            self._renew()
        return self._tokens.access

    def renew(self) -> bool:
        """Get another token after one was refused; False when that one was got just now.

        :raises SourceUnavailable: when none can be had.
        """
        if self._is_new:
            return False
        self._renew()
        return True

    def _renew(self) -> None:
        self._tokens = self._refreshed() or self._logged_in()
        self._is_new = True
        keep(self._access.tokens, self._mark, self._tokens)

    def _refreshed(self) -> Tokens | None:
        """Tokens for the one that is for getting others; None when there is none, or it has run out."""
        if not self._tokens.refresh:
            return None
        return self._asked({"grant_type": "refresh_token", "refresh_token": self._tokens.refresh})

    def _logged_in(self) -> Tokens:
        password = self._access.secret(self._account.password).get_secret_value()
        said = {"grant_type": "password", "username": self._user, "password": password, "scope": self._account.scope}
        found = self._asked(said)
        if found is None:
            what = "the login is refused: the user name or the password is wrong, or the account is locked"
            raise self._fault(what, "log in with them in a browser, then see user and password under pull")
        return found

    def _asked(self, said: Mapping[str, str]) -> Tokens | None:
        """What the login hands out; None when it refuses."""
        body = urlencode({**said, "client_id": self._account.client}).encode()
        reply = ask(self._access, self._account.url, headers=_HEADERS, body=body)
        answer = self._answer(reply)
        token = answer.get("access_token")
        if _is_token(token):
            return self._handed_out(answer)
        code = str(answer.get("error") or answer.get("message") or "")
        if code in _OURS:
            raise self._fault(f"its login wants something else than we say ({code})", _NEWER)
        if code or reply.status != _OK:
            return None
        raise self._fault("its login answers, and hands out no token", _NEWER)

    def _answer(self, reply: Reply) -> Mapping[str, Any]:
        url = self._account.url
        if is_page(reply):
            raise page_instead(url)
        if reply.status in _MOVED:
            raise self._fault(f"its login has moved ({reply.status})", f"see url under pull, or {_NEWER}")
        if reply.status not in {_OK, *_REFUSED}:
            # Without what it says, which might repeat what we said.
            raise refusal(Reply(reply.status, reply.headers, b""), url, now=self._access.now())
        if reply.status != _OK and not reply.body.lstrip().startswith(b"{"):
            return {}
        answer = read_json(reply, url)
        return answer if isinstance(answer, dict) else {}

    def _handed_out(self, answer: Mapping[str, Any]) -> Tokens:
        seconds = str(answer.get("expires_in", ""))
        # More digits than these make no difference.
        holds = int(seconds[:9]) if seconds.isascii() and seconds.isdigit() else _HOLDS_S
        until = int(self._access.now().timestamp()) + min(holds, _LONGEST_S)
        refresh = answer.get("refresh_token")
        return Tokens(str(answer["access_token"]), until, refresh if _is_token(refresh) else self._tokens.refresh)

    def _fault(self, what: str, todo: str) -> SourceUnavailable:
        return SourceUnavailable(what, where=host_of(self._account.url), todo=todo, needs_person=True)


def _is_token(said: object) -> TypeGuard[str]:
    """Whether it is something that can be sent."""
    return isinstance(said, str) and bool(said) and said.isascii() and said.isprintable()
