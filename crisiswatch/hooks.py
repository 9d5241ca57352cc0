"""The receiving end of a signed webhook: verify, read, hand to the engine, and answer only when it is committed.

``202`` means stored: a caller that got it may forget the mentions, even if we are killed the next moment. Anything
else means that it should send them again; the store drops what it has already.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

import structlog

from crisiswatch.clock import Clock
from crisiswatch.config.secrets import Secret
from crisiswatch.config.settings import SourceSettings, WebhookOptions
from crisiswatch.errors import ConfigError, StoreError
from crisiswatch.metrics import Metrics
from crisiswatch.pipeline import Intake, Pipeline, Result
from crisiswatch.sources.webhook import BadBody, BadSignature, read_batch, verify
from crisiswatch.store import SourceMark
from crisiswatch.web import HookAnswer
from crisiswatch.worker import Worker

__all__ = ["WebhookIntake", "intake_for"]

COMMIT_WAIT = 10.0
BUSY_RETRY = 2.0
log = structlog.get_logger("crisiswatch.hook")


@dataclass(slots=True)
class WebhookIntake:
    """One webhook source; see `crisiswatch.web.Hook`."""

    source_id: str
    secret: Secret
    tolerance: timedelta
    worker: Worker
    clock: Clock
    metrics: Metrics
    brand: str | None = None

    def receive(self, body: bytes, headers: Mapping[str, str]) -> HookAnswer:
        """Verify the signature over the raw body, then answer 202, 400, 401 or 503."""
        answer = self._receive(body, headers)
        self.metrics.hook_called(self.source_id, answer.status)
        return answer

    def _receive(self, body: bytes, headers: Mapping[str, str]) -> HookAnswer:
        now = self.clock.now()
        try:
            secret = self.secret.reveal().encode()
            verify(secret, headers.get("x-crisiswatch-signature"), body, now, tolerance=self.tolerance)
        except BadSignature as error:
            log.warning("hook_refused", source=self.source_id, why=str(error))
            return HookAnswer(401, {"error": str(error)})
        except ConfigError:
            log.warning("hook_secret_missing", source=self.source_id)
            return HookAnswer(503, {"error": "the secret of this hook is not set"}, BUSY_RETRY)
        try:
            batch = read_batch(body, source=self.source_id, headers=headers, now=now)
        except BadBody as error:
            return HookAnswer(400, {"error": str(error)})
        mentions = batch.mentions
        if self.brand is not None:
            mentions = tuple(replace(mention, brand=self.brand) for mention in mentions)
        for each in batch.refused:
            log.warning("mention_refused", source=self.source_id, where=each.where, why=each.detail)
        newest = max((mention.created_at for mention in mentions), default=None)
        mark = SourceMark(cursor=None, updated_at=now, last_success=now, last_mention_at=newest)
        intake = Intake(source=self.source_id, mentions=mentions, refused=len(batch.refused), mark=mark)
        result = self._commit(intake)
        if result is None:
            return HookAnswer(503, {"error": "busy, send it again"}, BUSY_RETRY)
        self.metrics.source_health(self.source_id, healthy=True)
        refused = [{"where": each.where, "reason": each.reason} for each in batch.refused[:50]]
        return HookAnswer(202, {"stored": dict(result.outcomes), "refused": refused})

    def _commit(self, intake: Intake) -> Result | None:
        def job(pipeline: Pipeline) -> Result:
            return pipeline.ingest(intake)

        ticket = self.worker.submit(f"ingest:{self.source_id}", job, seconds=1.0)
        if ticket is None:
            return None
        try:
            return ticket.wait(COMMIT_WAIT)
        except StoreError:
            return None


def intake_for(settings: SourceSettings, worker: Worker, clock: Clock, metrics: Metrics) -> WebhookIntake:
    """The receiving end of a source that is not polled."""
    assert isinstance(settings.options, WebhookOptions)  # what is not polled is pushed
    return WebhookIntake(
        source_id=settings.id,
        secret=settings.options.secret,
        tolerance=settings.options.tolerance,
        worker=worker,
        clock=clock,
        metrics=metrics,
        brand=settings.brand,
    )
