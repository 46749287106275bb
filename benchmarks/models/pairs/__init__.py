"""Models of the rating and choice tasks: one file a model, as everywhere in the registry."""
