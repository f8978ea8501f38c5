"""Template filters and tags, loaded as builtins in every template."""
