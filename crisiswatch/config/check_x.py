"""What X would refuse of an `XModel`: queries too long, empty, or of nothing but exclusions."""

from __future__ import annotations

from collections.abc import Sequence

from crisiswatch.config.document import Document, Where
from crisiswatch.config.schema_sources import XModel
from crisiswatch.matching import BrandTerms
from crisiswatch.matching.queries import QueryError, compile_queries, validate_query

__all__ = ["check_x"]


def check_x(source: XModel, where: Where, brands: Sequence[BrandTerms], document: Document) -> None:
    """Note what X would refuse. ``brands`` are all that are configured."""
    wanted = [brand for brand in brands if source.brand in {None, brand.id}]
    try:
        if source.query is None:
            for brand in wanted:
                _compile(source, brand)
        else:
            validate_query(source.query, source.query_limit)
            if len(wanted) > 1:
                message, hint = "the query does not say which brand it is for", "name the brand: `brand: ID`"
                document.report("CW066", (*where, "query"), message, hint)
    except QueryError as error:
        document.report("CW066", (*where, "type" if source.query is None else "query"), error.wrong, error.remedy)


def _compile(source: XModel, brand: BrandTerms) -> None:
    limit, languages = source.query_limit, source.languages
    compile_queries(brand.any, handles=brand.handles, none=brand.none, languages=languages, limit=limit)
