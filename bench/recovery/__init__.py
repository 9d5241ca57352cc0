"""Crash proof: a daemon killed at random moments does what one does that was left alone."""
