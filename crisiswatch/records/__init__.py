"""What is left of an incident on disk: the posts as they were, the decision log, the post-mortem with its chart."""

from crisiswatch.records.evidence import Snapshot, kept_posts
from crisiswatch.records.keeper import Keeper, folder_of
from crisiswatch.records.postmortem import Facts, gather_facts, post_mortem

__all__ = ["Facts", "Keeper", "Snapshot", "folder_of", "gather_facts", "kept_posts", "post_mortem"]
