"""The picture of a Slack message shows what Slack would show, and never more."""

from __future__ import annotations

import pytest

from crisiswatch.notifiers.blockkit import blocks_for
from crisiswatch.testing.blockkit_html import mrkdwn_to_html, page
from crisiswatch.testing.notifiers import HOSTILE_TEXTS, a_delivery, some_evidence
from tests.notifiers.common import words


@pytest.mark.parametrize(
    ("text", "html"),
    [
        (
            "*bold* and _slanted_ and `code *not bold*`",
            "<b>bold</b> and <i>slanted</i> and <code>code *not bold*</code>",
        ),
        ("2 * 3 * 4 and snake_case_name", "2 * 3 * 4 and snake_case_name"),
        ("a &lt;b&gt; &amp; c", "a &lt;b&gt; &amp; c"),
        ("<https://x.example/?a=1&amp;b|here>", '<a href="https://x.example/?a=1&amp;b">here</a>'),
        ("<!channel>", '<span class="mention">!channel</span>'),
        ("before\n> one\n> two\nafter", "before<blockquote>one<br>two</blockquote>after"),
        ("> one\n\n> two", "<blockquote>one</blockquote><blockquote>two</blockquote>"),
    ],
)
def test_mrkdwn_is_shown_as_slack_shows_it(text, html):
    assert mrkdwn_to_html(text) == html


@pytest.mark.parametrize("text", HOSTILE_TEXTS, ids=range(len(HOSTILE_TEXTS)))
def test_a_hostile_post_stays_text(text):
    html = page(blocks_for(words()(a_delivery(evidence=some_evidence(text))), "tag"))
    assert "<script" not in html
    assert "<img" not in html
    assert 'class="mention"' not in html


def test_a_block_it_does_not_know_is_no_picture():
    with pytest.raises(KeyError):
        page([{"type": "image", "image_url": "x", "alt_text": "x"}])
