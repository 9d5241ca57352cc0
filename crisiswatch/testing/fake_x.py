"""An X that runs on this machine: real wire format in both dialects, real limits, real refusals, faults on demand.

    with FakeX(clock) as x:
        x.put("acme is down")
        source = make("x", {"base_url": x.url, "token": token, "brands": brands}, clock)
        x.script("counts", Answer.of({"title": "Too Many Requests"}, 429))

Speaks search/recent, counts/recent, users/:id/mentions, and the filtered stream with its rules and keep-alives. It
knows so much of the query language as a brand's queries need: words, phrases, OR in brackets, exclusions, from: and
lang:.
"""

from __future__ import annotations

import json
import queue
import re
import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from typing import Any

from crisiswatch.clock import Clock
from crisiswatch.testing.fake_http import Answer, Asked, FakeSite
from crisiswatch.testing.networked_sources import ASKED_WAIT, Failure

__all__ = ["FakePost", "FakeX", "post_id"]

_EPOCH_MS = 1_288_834_974_657
_WEEK = timedelta(days=7)
_NAMES = {
    "edit_history_tweet_ids": "edit_history_post_ids",
    "referenced_tweets": "referenced_posts",
    "note_tweet": "note_post",
    "retweet_count": "repost_count",
    "tweet_count": "post_count",
    "total_tweet_count": "total_post_count",
}
_WORD = re.compile(r"[@#$]?\w+")
_PIECE = re.compile(r'(-?)(\(|(?:[a-z_]+:)?"[^"]*"|[^\s()]+)|(\))')

Json = dict[str, Any]


def post_id(at: datetime, number: int = 0) -> int:
    """An id as X gives it: milliseconds and a number."""
    return ((round(at.timestamp() * 1000) - _EPOCH_MS) << 22) + number


@dataclass(frozen=True, slots=True)
class FakePost:
    """A post. ``history`` are the ids of all its versions; ``more`` are further fields, in the old names."""

    id: int
    text: str
    at: datetime
    author: str = "1000"
    followers: int = 25
    lang: str = "en"
    history: tuple[int, ...] = ()
    more: Mapping[str, Any] = field(default_factory=dict)

    def wire(self, asked: set[str]) -> Json:
        """The post as X sends it: the id, the text, the edit history, and what was asked for."""
        metrics = {"retweet_count": 1, "reply_count": 2, "like_count": 3, "quote_count": 0, "impression_count": 40}
        known: Json = {
            "created_at": f"{self.at:%Y-%m-%dT%H:%M:%S}.{self.at.microsecond // 1000:03d}Z",
            "author_id": self.author,
            "lang": self.lang,
            "conversation_id": str(self.history[0] if self.history else self.id),
            "public_metrics": metrics,
            **self.more,
        }
        always = {"id": str(self.id), "text": self.text}
        history = {"edit_history_tweet_ids": [str(one) for one in (self.history or (self.id,))]}
        return {**always, **history, **{name: value for name, value in known.items() if name in asked}}


class FakeX(FakeSite):
    """The server. ``token`` is the app's and ``user_token`` an account's; ``accounts`` maps account ids to handles.

    ``dialect`` says in which names it answers, ``limit`` how long a query may be, ``keep_alive`` the seconds between
    signs of life of a stream. ``billed`` counts what X would charge for: posts, counts, users.
    """

    def __init__(self, clock: Clock, *, dialect: str = "tweet", limit: int = 512, keep_alive: float = 20.0) -> None:
        super().__init__(self._answer, rate_limit=self._told)
        self.clock = clock
        self.token = "AAAA-fake-app"  # noqa: S105  (nothing real accepts it)
        self.user_token = "AAAA-fake-user"  # noqa: S105  (the same)
        self.accounts = {"783214": "@acme"}
        self.dialect = dialect
        self.limit = limit
        self.keep_alive = keep_alive
        self.posts: list[FakePost] = []
        self.broken: list[Json] = []
        self.billed = {"posts": 0, "counts": 0, "users": 0}
        self.rules: list[Json] = []
        self.connects = 0
        self.counted_back = _WEEK  # how far it counts where no start is asked for
        self.close_streams_at_once = False
        self.untagged = False
        self._lock = threading.RLock()
        self._streams: list[queue.Queue[Json | None]] = []
        self._scripts: list[tuple[str, Answer | Failure]] = []
        self._due: dict[int, Answer] = {}
        self._next = 0

    # --- the test's side

    def put(self, text: str, *, at: datetime | None = None, edit_of: FakePost | None = None, **fields: Any) -> FakePost:
        """Make a post, now or at another time; also a new version of an earlier one."""
        with self._lock:
            self._next += 1
            moment = at or self.clock.now()
            made = FakePost(post_id(moment, self._next), text, moment, **fields)
            if edit_of is not None:
                made = FakePost(
                    made.id, text, moment, edit_of.author, history=(*(edit_of.history or (edit_of.id,)), made.id)
                )
                self.posts = [each for each in self.posts if each.id != edit_of.id]
            self.posts.append(made)
            for stream in self._streams:
                stream.put(self._streamed(made))
            return made

    def put_broken(self) -> None:
        """Have the next searches bring a post that can't be read."""
        with self._lock:
            self._next += 1
            now = self.clock.now()
            self.broken.append({"id": str(post_id(now, self._next)), "text": None, "created_at": now.isoformat()})

    def script(self, part: str, answer: Answer | Failure) -> None:
        """Answer the next request whose path has ``part`` in it like this."""
        with self._lock:
            self._scripts.append((part, answer))

    def fail(self, failure: Failure | None) -> bool:
        """Do this to every request from now on; streams that are open are cut."""
        self.cut_streams()
        return super().fail(failure)

    def cut_streams(self) -> None:
        """End every stream that is open."""
        with self._lock:
            for stream in self._streams:
                stream.put(None)

    @property
    def open_streams(self) -> int:
        """How many clients are listening."""
        return len(self._streams)

    def asked_for(self, part: str) -> list[Asked]:
        """The requests whose path has ``part`` in it."""
        return [each for each in self.seen if part in each.path]

    # --- X's side

    def _told(self) -> Mapping[str, str]:
        reset = int(self.clock.now().timestamp() + ASKED_WAIT)
        return {"x-rate-limit-limit": "450", "x-rate-limit-remaining": "0", "x-rate-limit-reset": str(reset)}

    def _respond(self, handler: BaseHTTPRequestHandler) -> None:
        path = handler.path.partition("?")[0]
        with self._lock:
            script = next((each for each in self._scripts if each[0] in path), None)
            if script is not None:
                self._scripts.remove(script)
        fault = script[1] if script is not None else None
        if isinstance(fault, Failure):
            whole, self.failure = self.failure, fault
            try:
                super()._respond(handler)
            finally:
                self.failure = whole
        elif fault is not None:
            self._due[threading.get_ident()] = fault
            super()._respond(handler)
        elif path == "/2/tweets/search/stream" and self.failure is None:
            self._stream(handler)
        else:
            super()._respond(handler)

    def _answer(self, asked: Asked) -> Answer:
        due = self._due.pop(threading.get_ident(), None)
        if due is not None:
            return due
        if asked.headers.get("authorization") not in {f"Bearer {self.token}", f"Bearer {self.user_token}"}:
            return _problem(401, "Unauthorized")
        with self._lock:
            named = re.fullmatch(r"/2/users/(\d+)/mentions", asked.path)
            if named and named[1] in self.accounts:
                return self._page(asked, self.accounts[named[1]], (5, 100), "pagination_token")
            ends = {"search/recent": self._search, "counts/recent": self._counts, "search/stream/rules": self._ruled}
            end = ends.get(asked.path.removeprefix("/2/tweets/"))
            return _problem(404, "Not Found Error") if end is None else end(asked)

    def _search(self, asked: Asked) -> Answer:
        query = asked.query.get("query", "")
        wrong = self._refused(query, asked)
        return wrong or self._page(asked, query, (10, 100), "next_token")

    def _refused(self, query: str, asked: Asked) -> Answer | None:
        if not query or len(query) > self.limit:
            return _problem(400, f"There were errors processing your request: query is {len(query)} characters long")
        now = self.clock.now()
        for name in ("since_id", "until_id"):
            if int(asked.query.get(name, str(1 << 63))) < post_id(now - _WEEK):
                return _problem(400, f"'{name}' must be a tweet id created after a week ago", name)
        start, end = (_moment(asked.query.get(name)) for name in ("start_time", "end_time"))
        if start is not None and start < now - _WEEK:
            return _problem(400, "'start_time' must be on or after a week ago", "start_time")
        if end is not None and (end > now - timedelta(seconds=10) or (start is not None and start >= end)):
            return _problem(400, "'end_time' must be a minimum of 10 seconds prior to the request time", "end_time")
        return None

    def _page(self, asked: Asked, query: str, sizes: tuple[int, int], token: str) -> Answer:
        size = int(asked.query.get("max_results", "10"))
        if not sizes[0] <= size <= sizes[1]:
            return _problem(400, f"max_results must be between {sizes[0]} and {sizes[1]}", "max_results")
        above, below = int(asked.query.get("since_id", "0")), int(asked.query.get("until_id", str(1 << 63)))
        page = asked.query.get(token)
        if page is not None:
            if not page.startswith("page"):
                return _problem(400, "'next_token' is not valid", "next_token")
            below = min(below, int(page[4:]))
        start, end = (_moment(asked.query.get(name)) for name in ("start_time", "end_time"))
        fitting = [
            post
            for post in self.posts
            if above < post.id < below
            and (start is None or post.at >= start)
            and (end is None or post.at < end)
            and _matches(query, post, self.accounts)
        ]
        fitting.sort(key=lambda post: -post.id)
        shown = fitting[:size]
        wanted = set(",".join(asked.query.get(f"{name}.fields", "") for name in ("tweet", "post")).split(","))
        wanted |= {old for old, new in _NAMES.items() if new in wanted}
        data = [post.wire(wanted) for post in shown]
        data += [post for post in self.broken if above < int(post["id"]) < below][: size - len(data)]
        self.billed["posts"] += len(data)
        meta: Json = {"result_count": len(data)}
        if data:
            ids = [int(post["id"]) for post in data]
            meta |= {"newest_id": str(max(ids)), "oldest_id": str(min(ids))}
        if len(fitting) > size:
            meta["next_token"] = f"page{shown[-1].id}"
        answer: Json = {"meta": meta} if not data else {"data": data, "meta": meta}
        if "author_id" in asked.query.get("expansions", ""):
            users = {post.author: post.followers for post in shown}
            self.billed["users"] += len(users)
            answer["includes"] = {
                "users": [
                    {"id": each, "public_metrics": {"followers_count": count, "tweet_count": 7}}
                    for each, count in users.items()
                ]
            }
        return self._meant(answer)

    def _counts(self, asked: Asked) -> Answer:
        query = asked.query.get("query", "")
        wrong = self._refused(query, asked)
        if wrong is not None:
            return wrong
        now = self.clock.now()
        start = _moment(asked.query.get("start_time")) or now - self.counted_back
        fitting = [post.at for post in self.posts if start <= post.at < now and _matches(query, post, self.accounts)]
        by_minute: dict[datetime, int] = {}
        for at in fitting:
            minute = max(at.replace(second=0, microsecond=0), start)
            by_minute[minute] = by_minute.get(minute, 0) + 1
        rows = []
        while start < now:
            end = min(start.replace(second=0, microsecond=0) + timedelta(minutes=1), now)
            rows.append({"start": _written(start), "end": _written(end), "tweet_count": by_minute.get(start, 0)})
            start = end
        self.billed["counts"] += 1
        return self._meant({"data": rows, "meta": {"total_tweet_count": len(fitting)}})

    def _ruled(self, asked: Asked) -> Answer:
        if asked.method == "GET":
            return self._meant({"data": self.rules, "meta": {}})
        change = json.loads(asked.body)
        gone = set(change.get("delete", {}).get("ids", ()))
        self.rules = [rule for rule in self.rules if rule["id"] not in gone]
        for rule in change.get("add", ()):
            if len(rule["value"]) > 1024:
                return _problem(400, "the rule is too long")
            self._next += 1
            self.rules.append({**rule, "id": str(self._next)})
        return self._meant({"data": self.rules, "meta": {"summary": {}}})

    def _meant(self, answer: Json) -> Answer:
        told = {"x-rate-limit-limit": "450", "x-rate-limit-remaining": "449", "x-rate-limit-reset": "2000000000"}
        body = answer if self.dialect == "tweet" else _renamed(answer)
        return Answer(200, json.dumps(body).encode(), {"Content-Type": "application/json", **told})

    # --- the stream

    def _streamed(self, post: FakePost) -> Json:
        asked = {"created_at", "author_id", "lang", "conversation_id", "public_metrics", *post.more}
        rules = [{"id": rule["id"]} for rule in self.rules] if self.untagged else self.rules
        return {
            "data": post.wire(asked),
            "matching_rules": [{k: v for k, v in r.items() if k != "value"} for r in rules],
        }

    def _stream(self, handler: BaseHTTPRequestHandler) -> None:
        self.seen.append(Asked("GET", "/2/tweets/search/stream", {}, dict(handler.headers.items()), b""))
        mine: queue.Queue[Json | None] = queue.Queue()
        handler.send_response(200)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        self.connects += 1
        handler.close_connection = True
        with self._lock:
            self._streams.append(mine)
        try:
            while not self.close_streams_at_once:
                try:
                    sent = mine.get(timeout=self.keep_alive)
                except queue.Empty:
                    _chunk(handler, b"\r\n")
                    continue
                if sent is None:
                    break
                _chunk(handler, json.dumps(sent).encode() + b"\r\n")
            handler.wfile.write(b"0\r\n\r\n")
            handler.wfile.flush()
        except OSError:
            pass  # the client went away
        finally:
            with self._lock:
                self._streams.remove(mine)

    def __exit__(self, *rest: object) -> None:
        self.cut_streams()
        super().__exit__(*rest)


def _chunk(handler: BaseHTTPRequestHandler, line: bytes) -> None:
    handler.wfile.write(b"%x\r\n%s\r\n" % (len(line), line))
    handler.wfile.flush()


def _problem(status: int, detail: str, parameter: str = "") -> Answer:
    errors = [{"parameters": {parameter: ["..."]}, "message": detail}] if parameter else [{"message": detail}]
    problem = "https://api.twitter.com/2/problems/invalid-request"
    return Answer.of({"errors": errors, "title": "Invalid Request", "detail": detail, "type": problem}, status)


def _renamed(value: Any) -> Any:
    if isinstance(value, dict):
        return {_NAMES.get(name, name): _renamed(each) for name, each in value.items()}
    return [_renamed(each) for each in value] if isinstance(value, list) else value


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text).astimezone(UTC)


def _written(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S}.000Z"


def _matches(query: str, post: FakePost, accounts: Mapping[str, str]) -> bool:
    """Whether a query finds a post: every part has to hold, in brackets one of them."""
    pieces = deque((sign == "-", close or body) for sign, body, close in _PIECE.findall(query))
    text = f" {' '.join(_WORD.findall(post.text.lower()))} "

    def holds(part: str) -> bool:
        kind, colon, value = part.partition(":")
        if colon and kind == "from":
            return accounts.get(post.author, "").lstrip("@").lower() == value.lower()
        if colon and kind == "lang":
            return post.lang == value
        if colon and kind == "is":
            return False
        words = " ".join(_WORD.findall(part.lower()))
        return f" {words} " in text or (words.isalnum() and f" #{words} " in text)

    while pieces:
        negated, part = pieces.popleft()
        if part == "(":
            group = []
            while pieces and pieces[0][1] != ")":
                group.append(pieces.popleft()[1])
            pieces.popleft()
            if not any(holds(each) for each in group if each != "OR"):
                return False
        elif holds(part) == negated:
            return False
    return True
