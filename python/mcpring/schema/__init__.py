"""Types as JSON Schemas, and validated JSON as values of those types.

`shape.Builder` reads a type hint and gives a `Shape`: the schema that the core compiles and checks,
and what still has to be done to a checked JSON value to make it the value the hint promises. For
most parameters that is nothing, and then the core calls the function without any of this in
between.
"""
