"""What PyYAML's errors mean, in words for somebody who does not know YAML."""

from __future__ import annotations

from yaml.error import Mark, MarkedYAMLError

__all__ = ["explain"]

_QUOTE = 'put the whole text in double quotes: "..."'

_MEANINGS: tuple[tuple[str, str, str, str], ...] = (
    # what PyYAML says, our code, our words, our hint
    ("'\\t' that cannot start", "CW005", "a tab stands where spaces are needed", "indent with spaces only"),
    ("'@' that cannot start", "CW006", "a text can't begin with `@` without quotes", _QUOTE),
    ("'`' that cannot start", "CW006", "a text can't begin with a backtick without quotes", _QUOTE),
    ("'%' that cannot start", "CW006", "a text can't begin with `%` without quotes", _QUOTE),
    ("mapping values are not allowed", "CW006", "a `:` stands where no field can begin",
     "if the text has `: ` in it, put it in double quotes; if not, look at the indentation"),
    ("could not find expected ':'", "CW006", "this line has no `:`", "write `name: value`, or `- ` for a list item"),
    ("expected ',' or ']'", "CW006", "a list that was opened with `[` is not closed before this", "add `,` or `]`"),
    ("expected ',' or '}'", "CW006", "a mapping that was opened with `{` is not closed before this", "add `,` or `}`"),
    ("expected <block end>", "CW006", "this line does not fit the lines above",
     "fields that belong together begin in the same column"),
    ("found unexpected end of stream", "CW006", "a quote that was opened is not closed", "add the closing quote"),
    ("found unexpected document separator", "CW006", "a quote that was opened is not closed",
     "add the closing quote"),
    ("found unknown escape character", "CW006", "a backslash stands before a letter that means nothing",
     "write two backslashes, or use single quotes"),
    ("expected escape sequence of", "CW006", "an escape needs hexadecimal digits",
     "write two backslashes for a backslash"),
    ("sequence entries are not allowed", "CW006", "a list item (`- `) can't begin here", "put it on a line of its own"),
    ("mapping keys are not allowed", "CW006", "a `?` stands where no field can begin", _QUOTE),
    ("alphabetic or numeric character", "CW006", "`*` and `&` mean something in YAML", _QUOTE),
    ("expected the node content", "CW006", "a value is missing here", "write the value, and close every bracket"),
    ("document start", "CW006", "this does not belong to what stands above", "look at the indentation"),
)  # fmt: skip


def explain(error: MarkedYAMLError) -> tuple[str, Mark | None, str, str]:
    """Code, place, message and hint for a parser's error. Never quotes the file."""
    problem = error.problem or ""
    mark = error.problem_mark or error.context_mark
    for theirs, code, ours, hint in _MEANINGS:
        if theirs in problem:
            if "quote" in ours and error.context_mark is not None and "closing" in hint:
                mark = error.context_mark
            return code, mark, ours, hint
    return "CW006", mark, "this is not valid YAML", "look at the indentation, quotes and brackets here"
