"""The rule engine: what rules are, and how their conditions are judged."""
