//! Makes the built-in actors from parameters.
