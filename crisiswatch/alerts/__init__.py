"""What an alert says: words per stage and a playbook from the alert file, figures and posts from the incident.

This package is the engine; the top-level folder ``alerts/`` holds the shipped alert definitions themselves, as data.
"""
