"""Where mentions come from: one module an integration, all behind the `Source` protocol of `crisiswatch.model`."""
